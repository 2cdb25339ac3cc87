//! Bytes as texts to be formatted.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| weir_tests::entry::format(bytes));
