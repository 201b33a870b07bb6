//! One secret.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::Place;

/// The stage of the version that is read by default.
pub(super) const CURRENT: &str = "AWSCURRENT";
/// The stage of the version that was read by default before.
pub(super) const PREVIOUS: &str = "AWSPREVIOUS";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) description: Option<String>,
    pub(super) created: Timestamp,
    pub(super) changed: Timestamp,
    /// By version id.
    pub(super) versions: BTreeMap<String, Version>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) content: Content,
    pub(super) stages: Vec<String>,
    pub(super) created: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Content {
    Text(String),
    /// Base64, as the wire has it.
    Binary(String),
}

impl Secret {
    /// The version that has a stage.
    pub(super) fn staged(&self, stage: &str) -> Option<(&String, &Version)> {
        self.versions.iter().find(|(_, version)| version.stages.iter().any(|name| name == stage))
    }

    /// Gives a new version its stages, which other versions then no longer have. The version that was current
    /// becomes the previous one.
    pub(super) fn add(&mut self, id: String, content: Content, stages: Vec<String>, now: Timestamp) {
        if stages.iter().any(|stage| stage == CURRENT)
            && let Some(current) = self.staged(CURRENT).map(|(id, _)| id.clone())
        {
            self.unstage(PREVIOUS);
            if let Some(version) = self.versions.get_mut(&current) {
                version.stages.push(PREVIOUS.to_owned());
            }
        }
        for stage in &stages {
            self.unstage(stage);
        }
        self.versions.insert(id, Version { content, stages, created: now });
        self.changed = now;
    }

    fn unstage(&mut self, stage: &str) {
        for version in self.versions.values_mut() {
            version.stages.retain(|name| name != stage);
        }
    }
}

/// A secret's ARN: its name and six characters, which AWS draws at random. Here they follow from the name, so
/// that a secret has the same ARN on every machine.
pub(super) fn arn(place: &Place, name: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digest = digest(&SHA256, name.as_bytes());
    let suffix = digest.as_ref().iter().take(6);
    let suffix = suffix.map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
    place.arn("secretsmanager", &format!("secret:{name}-{}", suffix.collect::<String>()))
}
