//! Those who work for a store, and what they may do.

mod accept;
mod access;
mod contact;
mod custom;
mod invitation;
mod manage;
mod member;
mod recovery;
mod role;
mod second_factor;
mod totp;
mod view;

pub use accept::{Acceptance, accept};
pub use access::{LogIn, LoggedIn, log_in, log_in_or_enroll, wrong};
pub use contact::Contact;
pub use custom::{ChangeRole, NewRole, RoleView, change_role, create_role, list_roles, remove_role};
pub use invitation::{
    InvitationView, Invite, Invited, invitations, invite, invite_first_owner, invited_email, withdraw,
};
pub use manage::{ChangeMember, change, list, read, remove};
pub use member::{Member, contact_of, role_scopes, scopes};
pub use recovery::{
    ChangeStaffPassword, ForgottenStaffPassword, NewStaffPassword, ask_to_reset, change_password, reset,
};
pub use role::Role;
pub use second_factor::{
    ConfirmFactor, Enrollment, FactorProof, NewFactor, RecoveryCodes, confirm, enroll,
    remove as remove_factor,
};
pub use view::{ListStaff, MemberView};
