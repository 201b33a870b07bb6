//! How many of something a store has, counted in the transaction of what is counted, so that no race passes the most it
//! may have.

use crate::{
    http::{Code, Problem},
    store::{Write, keys},
    tenant::Tenant,
};

/// Something of which a store may have so many only.
#[derive(Clone, Copy, Debug)]
pub struct Bounded {
    /// As its count's key names it.
    pub what: &'static str,
    /// How many there may be.
    pub most: u32,
}

impl Bounded {
    /// The write that counts `more` of them, refused where there would be too many: then the problem is
    /// [`Bounded::exceeded`].
    pub fn more(self, tenant: Tenant, more: u32) -> Write {
        let room = i64::from(self.most) - i64::from(more);
        let write = self.counted(tenant, i64::from(more));
        // Where not even all of the room is enough, no count is.
        let condition =
            if room < 0 { "held <= :room" } else { "attribute_not_exists(held) OR held <= :room" };
        write.when(condition).number(":room", room)
    }

    /// The write that counts one less.
    pub fn one_less(self, tenant: Tenant) -> Write {
        self.counted(tenant, -1)
    }

    fn counted(self, tenant: Tenant, by: i64) -> Write {
        Write::update(keys::count(tenant, self.what), "SET #kind = :kind ADD held :by")
            .name("#kind", "kind")
            .text(":kind", "count")
            .number(":by", by)
    }

    /// 409: there are as many as a store may have.
    pub fn exceeded(self) -> Problem {
        let detail = format!("A store may have {} {} at most. Remove some first.", self.most, self.what);
        Problem::new(Code::LimitReached, detail)
    }
}
