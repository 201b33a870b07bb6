//! Stands for the S3 buckets that services write to by themselves, such as an event source that gives up on a
//! record. There is no S3 protocol: who looks into a bucket does it through here, or in the folder.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use crate::{AwsError, CloudError, files};

/// The longest key that S3 takes, in bytes.
const KEY_LIMIT: usize = 1024;

/// The buckets and what is in them.
pub struct Objects {
    folder: Option<PathBuf>,
    held: Mutex<BTreeMap<(String, String), Bytes>>,
}

impl Objects {
    pub(crate) fn open(data: Option<&Path>) -> Result<Self, CloudError> {
        let folder = data.map(|data| data.join("objects"));
        let mut held = BTreeMap::new();
        if let Some(folder) = &folder {
            load(folder, folder, &mut held).map_err(CloudError::files(folder))?;
        }
        Ok(Self { folder, held: Mutex::new(held) })
    }

    /// Writes an object, over the one that has its key.
    ///
    /// # Errors
    /// The bucket's name or the key is not one, or the folder can't be written.
    pub fn put(&self, bucket: &str, key: &str, bytes: impl Into<Bytes>) -> Result<(), AwsError> {
        if bucket.is_empty()
            || !bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        {
            return Err(AwsError::new("InvalidBucketName", "The specified bucket is not valid."));
        }
        if key.is_empty() || key.len() > KEY_LIMIT {
            return Err(AwsError::new("KeyTooLongError", "Your key is empty or too long."));
        }
        let bytes = bytes.into();
        let mut held = self.held();
        if let Some(folder) = &self.folder {
            let path = folder.join(file_name(bucket)).join(file_path(key));
            files::write(&path, &bytes).map_err(|error| {
                AwsError::new("InternalError", error.to_string())
                    .with_status(http::StatusCode::INTERNAL_SERVER_ERROR)
            })?;
        }
        held.insert((bucket.to_owned(), key.to_owned()), bytes);
        Ok(())
    }

    /// The object of a key.
    pub fn get(&self, bucket: &str, key: &str) -> Option<Bytes> {
        self.held().get(&(bucket.to_owned(), key.to_owned())).cloned()
    }

    /// The keys in a bucket that begin with `prefix`, in order.
    pub fn list(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let held = self.held();
        let from = held.range((bucket.to_owned(), prefix.to_owned())..);
        from.map(|((name, key), _)| (name, key))
            .take_while(|(name, key)| *name == bucket && key.starts_with(prefix))
            .map(|(_, key)| key.clone())
            .collect()
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<(String, String), Bytes>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key's path in its bucket's folder. A slash divides folders, as it does in every tool that shows a bucket.
fn file_path(key: &str) -> PathBuf {
    key.split('/').map(file_name).collect()
}

/// One part of a key as a file's name: what could mean something to a file system is written as `%` and two
/// digits. Any other part can't be mistaken for it, because `%` is too.
fn file_name(part: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.=:".contains(&byte);
    let mut name = String::new();
    for byte in part.bytes() {
        match byte {
            byte if plain(byte) => name.push(char::from(byte)),
            byte => name.push_str(&format!("%{byte:02X}")),
        }
    }
    match name.as_str() {
        "" => "%".to_owned(),
        "." | ".." => name.replace('.', "%2E"),
        _ => name,
    }
}

/// The part of a key that a file's name stands for. `None` for a file that is not ours.
fn part(name: &str) -> Option<String> {
    if name == "%" {
        return Some(String::new());
    }
    let mut bytes = Vec::new();
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn load(root: &Path, folder: &Path, held: &mut BTreeMap<(String, String), Bytes>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            load(root, &path, held)?;
        } else if path.extension().is_none_or(|extension| extension != "new") {
            let names = path.strip_prefix(root).unwrap_or(&path).iter();
            let parts = names.map(|name| part(name.to_str()?)).collect::<Option<Vec<_>>>();
            if let Some((bucket, key)) = parts.as_deref().and_then(<[String]>::split_first) {
                held.insert((bucket.clone(), key.join("/")), fs::read(&path)?.into());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_leaves_its_bucket() {
        for key in ["../../etc/passwd", "a//b", "/a", "a/", "..", "ä b", "100%", "%2E"] {
            let path = file_path(key);
            assert!(path.is_relative() && !path.iter().any(|part| part == ".."), "{key} → {path:?}");
            let back = path.iter().map(|name| part(name.to_str().unwrap()).unwrap()).collect::<Vec<_>>();
            assert_eq!(back.join("/"), key);
        }
    }

    #[test]
    fn a_bucket_is_listed_by_prefix() {
        let objects = Objects::open(None).unwrap();
        for (bucket, key) in [("failed", "b/2"), ("failed", "a/1"), ("failed", "a/0"), ("failed-too", "a/9")]
        {
            objects.put(bucket, key, key.to_owned()).unwrap();
        }
        assert_eq!(objects.list("failed", "a/"), ["a/0", "a/1"]);
        assert_eq!(objects.list("failed", ""), ["a/0", "a/1", "b/2"]);
        assert_eq!(objects.get("failed", "b/2").as_deref(), Some(&b"b/2"[..]));
        assert_eq!(objects.get("failed", "b/3"), None);
        assert!(objects.put("no/bucket", "a", "").is_err());
    }
}
