//! auditparse
