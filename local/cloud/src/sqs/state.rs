//! All queues together, as one operation finds them.

use std::collections::BTreeMap;

use super::{
    Depth,
    disk::{Disk, DiskError},
    errors,
    ids::Ids,
    moves::MoveTask,
    queue::{Change, Queue},
    settings::Settings,
};
use crate::{AwsError, Place};

/// The state of the service.
pub(super) struct State {
    pub place: Place,
    pub queues: BTreeMap<String, Queue>,
    /// When queues were deleted, by name: the name is blocked for a minute.
    pub deleted: BTreeMap<String, i64>,
    pub tasks: Vec<MoveTask>,
    pub ids: Ids,
    disk: Option<Disk>,
    dropped: Vec<String>,
}

impl State {
    pub fn new(place: Place, disk: Option<Disk>) -> Result<Self, DiskError> {
        let (deleted, ids) = (BTreeMap::new(), Ids::default());
        let mut state = Self {
            place,
            queues: BTreeMap::new(),
            deleted,
            tasks: Vec::new(),
            ids,
            disk,
            dropped: Vec::new(),
        };
        state.load()?;
        Ok(state)
    }

    fn load(&mut self) -> Result<(), DiskError> {
        let now = self.now();
        let Some(disk) = &self.disk else { return Ok(()) };
        self.ids.skip(disk.last_seq()?);
        for saved in disk.queues()? {
            let values: BTreeMap<String, String> = serde_json::from_str(&saved.attributes)?;
            // Written after they were checked, so this can't fail but by another version's hand.
            let settings = Settings::new(saved.name.ends_with(".fifo"), &values)
                .map_err(|error| serde_json::Error::io(std::io::Error::other(error)))?;
            let arn = self.place.arn("sqs", &saved.name);
            let mut queue = Queue::new(saved.name, arn, settings, saved.created, true);
            queue.modified = saved.modified;
            queue.tags = serde_json::from_str(&saved.tags)?;
            for message in disk.messages(&queue.name, now)? {
                queue.insert(message);
            }
            for (key, first, at) in disk.deduplications(&queue.name)? {
                queue.dedup.remember(key, first, at);
            }
            queue.journal = Some(Vec::new());
            self.queues.insert(queue.name.clone(), queue);
        }
        Ok(())
    }

    /// The present moment, in milliseconds.
    pub fn now(&self) -> i64 {
        self.place.now().as_millisecond()
    }

    pub fn next_id(&mut self) -> u64 {
        let now = self.now();
        self.ids.next(now)
    }

    /// Where `name` is reached.
    pub fn url(&self, name: &str) -> String {
        let Place { account, region, .. } = &self.place;
        format!("https://sqs.{region}.amazonaws.com/{account}/{name}")
    }

    /// The name in a queue's URL, whatever its host: a client may have been told another endpoint.
    pub fn name_of_url<'a>(&self, url: &'a str) -> Result<&'a str, AwsError> {
        let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
        let parts = path.and_then(|path| path.rsplit_once('/'));
        let Some((account, name)) = parts.filter(|(_, name)| !name.is_empty()) else {
            let message = format!("The address {url} is not valid for this endpoint.");
            return Err(AwsError::new("InvalidAddress", message).with_status(http::StatusCode::NOT_FOUND));
        };
        let account = account.rsplit('/').next().unwrap_or(account);
        if account == self.place.account { Ok(name) } else { Err(errors::no_such_queue()) }
    }

    /// The name in a queue's ARN.
    pub fn name_of_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let prefix = self.place.arn("sqs", "");
        arn.strip_prefix(prefix.as_str())
    }

    /// A queue, brought to the present.
    pub fn queue(&mut self, name: &str) -> Result<&mut Queue, AwsError> {
        let now = self.now();
        let queue = self.queues.get_mut(name).ok_or_else(errors::no_such_queue)?;
        queue.settle(now);
        Ok(queue)
    }

    pub fn saves(&self) -> bool {
        self.disk.is_some()
    }

    pub fn drop_queue(&mut self, name: &str) {
        if let Some(queue) = self.queues.remove(name) {
            queue.changed.notify_waiters();
            if self.disk.is_some() {
                self.dropped.push(queue.name);
            }
        }
    }

    /// Saves what the operation changed.
    pub fn commit(&mut self) -> Result<(), AwsError> {
        let Some(disk) = &mut self.disk else { return Ok(()) };
        let changed: Vec<(&Queue, Vec<Change>)> = self
            .queues
            .values_mut()
            .filter_map(|queue| {
                let changes =
                    queue.journal.as_mut().map(std::mem::take).filter(|changes| !changes.is_empty())?;
                Some((&*queue, changes))
            })
            .collect();
        if changed.is_empty() && self.dropped.is_empty() {
            return Ok(());
        }
        disk.save(changed.into_iter(), &std::mem::take(&mut self.dropped)).map_err(errors::internal)
    }
}

impl Queue {
    pub fn depth(&self) -> Depth {
        Depth { visible: self.visible(), in_flight: self.in_flight(), delayed: self.delayed() }
    }
}
