//! Refunds, returns and edits: what exactly they come to.
