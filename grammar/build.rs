//! Generates the parser from the grammar; conflicts fail the build.

fn main() {
    lalrpop::Configuration::new()
        .emit_rerun_directives(true)
        .process_dir("src")
        .expect("the grammar has no conflicts");
}
