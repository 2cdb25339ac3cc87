//! Every example is built, judged, and held against the output that stands beside it.

use std::fs;

use crate::harness::{self, Texts};

#[test]
fn examples() {
    for folder in harness::entries(harness::root().join("examples")) {
        let files = harness::entries(&folder);
        let programs: Vec<_> =
            files.into_iter().filter(|path| path.extension().is_some_and(|e| e == "weir")).collect();
        let program: Texts = harness::texts(&programs);
        let manifests = harness::texts(&harness::entries(folder.join("manifests")));
        let built = harness::build(&program, &manifests);
        assert!(built.diagnostics.is_empty(), "{}", built.rendered());
        harness::judge(&built, &built.inventory).assert_equal("example", &built);
        let expected = folder.join("expected.yaml");
        if std::env::var_os("WEIR_BLESS").is_some() {
            fs::write(&expected, built.yaml()).unwrap();
        }
        assert!(
            harness::read(&expected) == built.yaml(),
            "{} is not what is built; with WEIR_BLESS=1 it is written anew",
            expected.display()
        );
    }
}
