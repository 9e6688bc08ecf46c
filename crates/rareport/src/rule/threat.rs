//! What a rule finds in the words of MITRE ATT&CK, as alerts have it.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

/// The framework that tactics and techniques belong to.
const FRAMEWORK: &str = "MITRE ATT&CK";

/// A tactic, and techniques that serve it.
///
/// Serialised with the framework and with references, which follow from the ids.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threat {
    /// What the attacker is after.
    pub tactic: Tactic,
    /// How.
    #[serde(default)]
    pub technique: Vec<Technique>,
}

/// What an attacker is after, such as TA0011, Command and Control.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tactic {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// How an attacker goes about it, such as T1571, Non-Standard Port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technique {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Kinds of it.
    #[serde(default)]
    pub subtechnique: Vec<Technique>,
}

impl Serialize for Threat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Threat", 3)?;
        fields.serialize_field("framework", FRAMEWORK)?;
        fields.serialize_field("tactic", &self.tactic)?;
        fields.serialize_field("technique", &self.technique)?;
        fields.end()
    }
}

impl Serialize for Tactic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Tactic", 3)?;
        fields.serialize_field("id", &self.id)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("reference", &reference("tactics", &self.id))?;
        fields.end()
    }
}

impl Serialize for Technique {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Technique", 4)?;
        fields.serialize_field("id", &self.id)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("reference", &reference("techniques", &self.id))?;
        if !self.subtechnique.is_empty() {
            fields.serialize_field("subtechnique", &self.subtechnique)?;
        }
        fields.end()
    }
}

/// Where to read about a tactic or technique.
fn reference(kind: &str, id: &str) -> String {
    format!("https://attack.mitre.org/{kind}/{}/", id.replace('.', "/"))
}
