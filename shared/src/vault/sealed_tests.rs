use proptest::prelude::*;

use super::*;
use crate::{
    id::{CartId, CustomerId, StaffId, StoreId},
    tenant::Mode,
};

fn tenant(store: u128, mode: Mode) -> Tenant {
    Tenant::of_own_record(StoreId::from_bits(store), mode)
}

fn cipher(key: u8) -> Cipher {
    Cipher::new(&[key; 32]).unwrap()
}

fn subjects() -> impl Strategy<Value = Subject> {
    let hash = any::<[u8; 32]>().prop_map(|bytes| {
        let hex: String = crate::text::hex(&bytes);
        Subject::Guest(hex.parse().unwrap())
    });
    prop_oneof![
        any::<u128>().prop_map(|bits| Subject::Customer(CustomerId::from_bits(bits))),
        any::<u128>().prop_map(|bits| Subject::Staff(StaffId::from_bits(bits))),
        any::<u128>().prop_map(|bits| Subject::Cart(CartId::from_bits(bits))),
        hash,
    ]
}

fn seal(subject: Subject, field: &str, value: &String) -> Sealed<String> {
    let at = (tenant(1, Mode::Test), subject, field);
    Sealed::seal((&cipher(1), 7), &Entropy::system(), at, value).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sealed_opens_as_what_it_was(subject in subjects(), field in "[a-z/]{0,9}", value in ".{0,40}") {
        let sealed = seal(subject, &field, &value);
        let stored = serde_json::to_string(&sealed).unwrap();
        let read: Sealed<String> = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(read.generation(), Some(7));
        prop_assert_eq!(read.open(&cipher(1), (tenant(1, Mode::Test), subject, &field)), Ok(value));
    }

    #[test]
    fn it_opens_for_nobody_else_and_nowhere_else(
        subject in subjects(), other in subjects(), field in "[a-z/]{0,9}", elsewhere in "[a-z/]{0,9}", value in ".{0,40}",
    ) {
        prop_assume!(subject != other && field != elsewhere);
        let sealed = seal(subject, &field, &value);
        for (cipher, tenant, subject, field) in [
            (cipher(2), tenant(1, Mode::Test), subject, &field),
            (cipher(1), tenant(2, Mode::Test), subject, &field),
            (cipher(1), tenant(1, Mode::Live), subject, &field),
            (cipher(1), tenant(1, Mode::Test), other, &field),
            (cipher(1), tenant(1, Mode::Test), subject, &elsewhere),
        ] {
            prop_assert_eq!(sealed.open(&cipher, (tenant, subject, field)), Err(Tampered));
        }
    }

    #[test]
    fn no_byte_of_it_can_be_changed(subject in subjects(), value in ".{0,40}", place: prop::sample::Index, bit in 0_u8..8) {
        let mut sealed = seal(subject, "email", &value);
        let place = place.index(sealed.bytes.len());
        sealed.bytes[place] ^= 1_u8 << bit;
        prop_assert_eq!(sealed.open(&cipher(1), (tenant(1, Mode::Test), subject, "email")), Err(Tampered));
        sealed.bytes.truncate(place);
        prop_assert_eq!(sealed.open(&cipher(1), (tenant(1, Mode::Test), subject, "email")), Err(Tampered));
    }

    #[test]
    fn a_subject_is_read_as_it_was_written(subject in subjects()) {
        prop_assert_eq!(subject.to_string().parse(), Ok(subject));
        let guest = matches!(subject, Subject::Guest(_));
        prop_assert_eq!(format!("{subject:?}") == subject.to_string(), !guest);
    }
}

#[test]
fn debug_output_tells_nothing() {
    let value = "ada@example.com".to_owned();
    let subject = Subject::Guest("ab".repeat(32).parse().unwrap());
    let sealed = seal(subject, "email", &value);
    let text = format!("{:?}", Kept { subject, email: Some("ab".repeat(32).parse().unwrap()), sealed });
    assert_eq!(text, "Kept(guest_…)");
}
