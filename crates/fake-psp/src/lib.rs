//! fake-psp
