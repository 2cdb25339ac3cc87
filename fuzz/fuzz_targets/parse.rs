//! Bytes as programs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| weir_tests::entry::parse(bytes));
