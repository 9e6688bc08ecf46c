//! Maps read from lists of pairs, since not every format has keys that are not texts.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let pairs: Vec<(K, V)> = Vec::deserialize(deserializer)?;
    let count = pairs.len();
    let map: BTreeMap<K, V> = pairs.into_iter().collect();
    if map.len() == count {
        Ok(map)
    } else {
        Err(D::Error::custom("expected each value once, found one twice"))
    }
}
