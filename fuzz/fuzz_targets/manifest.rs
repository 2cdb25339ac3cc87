//! Bytes as manifests of a cluster.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| weir_tests::entry::manifest(bytes));
