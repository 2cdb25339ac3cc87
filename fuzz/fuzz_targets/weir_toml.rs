//! Bytes as settings of a project.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| weir_tests::entry::weir_toml(bytes));
