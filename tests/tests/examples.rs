//! Every example is built, judged, and held against what stands beside it: the output (`expected.yaml`) and, where
//! Weir has something to say, the messages (`said.txt`). Its own tests hold.

use std::fs;
use std::path::Path;

use crate::harness;

#[test]
fn examples() {
    for folder in harness::entries(harness::root().join("examples")) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let program = harness::programs(&folder);
        let manifests = harness::texts(&harness::entries(folder.join("manifests")));
        let built = harness::build(&program, &manifests);
        harness::judge(&built, &built.inventory).assert_equal(&name, &built);
        built.assert_tests_pass(&name);
        assert_is(&folder.join("expected.yaml"), built.yaml());
        let said = folder.join("said.txt");
        if !built.diagnostics.is_empty() || said.exists() {
            assert_is(&said, &built.rendered());
        }
    }
}

fn assert_is(path: &Path, text: &str) {
    if std::env::var_os("WEIR_BLESS").is_some() {
        fs::write(path, text).unwrap();
    }
    let is = path.exists() && harness::read(path) == text;
    assert!(is, "{} is another; with WEIR_BLESS=1 it is written anew\n{text}", path.display());
}
