//! The fixed ids of the demo rows, so that a second run finds what the first one wrote.

use uuid::Uuid;

/// What the row is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    School = 1,
    Department = 2,
    Employer = 3,
    Account = 4,
    Graduate = 5,
}

/// The id of the n-th row of a kind: a version 7 UUID of the first days of 2025, which no installation will make.
pub(super) const fn id(kind: Kind, number: u16) -> Uuid {
    const BASE: u128 = 0x0194_2000_0000_7000_8000_0000_0000_0000;
    Uuid::from_u128(BASE | ((kind as u128) << 32) | number as u128)
}
