//! What a rule finds in the words of MITRE ATT&CK.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The framework that tactics and techniques belong to.
const FRAMEWORK: &str = "MITRE ATT&CK";

/// A tactic, and techniques that serve it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threat {
    /// What the attacker is after.
    pub tactic: Tactic,
    /// How.
    #[serde(default)]
    pub technique: Vec<Technique>,
}

/// What an attacker is after, such as TA0011, Command and Control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tactic {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// How an attacker goes about it, such as T1571, Non-Standard Port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technique {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Kinds of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subtechnique: Vec<Technique>,
}

impl Threat {
    /// The threat as alerts have it: with the framework, and with references, which follow from
    /// the ids.
    pub(crate) fn document(&self) -> Value {
        let Tactic { id, name } = &self.tactic;
        json!({
            "framework": FRAMEWORK,
            "tactic": { "id": id, "name": name, "reference": reference("tactics", id) },
            "technique": self.technique.iter().map(Technique::document).collect::<Vec<_>>(),
        })
    }
}

impl Technique {
    fn document(&self) -> Value {
        let Technique { id, name, subtechnique } = self;
        json!({
            "id": id,
            "name": name,
            "reference": reference("techniques", id),
            "subtechnique": subtechnique.iter().map(Technique::document).collect::<Vec<_>>(),
        })
    }
}

/// Where to read about a tactic or technique.
fn reference(kind: &str, id: &str) -> String {
    format!("https://attack.mitre.org/{kind}/{}/", id.replace('.', "/"))
}
