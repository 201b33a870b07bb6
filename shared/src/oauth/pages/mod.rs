//! The pages on which a member of the staff logs in and agrees: `GET` and `POST /oauth/authorize`.
//!
//! Three requests, and nothing kept between them: the address with the client's request shows the log-in; the log-in
//! shows what is to be agreed to; the agreement makes a code. What a page needs of the one before is in its form, sealed
//! to the browser's cookie ([`seal`]). No page has a script.

mod consent;
mod html;
mod log_in;
mod request;
mod seal;
mod show;

pub use show::{answer, show};
