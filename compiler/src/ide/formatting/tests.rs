//! What formatting changes, and what it leaves alone.

use super::*;
use crate::ide::fixture::{Fixture, edited, fixture};
use crate::source::FileId;

fn document_of(text: &str) -> String {
    let fixture = of(text);
    let desk = fixture.desk();
    edited(desk.text(), &document(&desk).unwrap())
}

/// A program of one file; line ends stay as they are, unlike in `fixture`.
fn of(text: &str) -> Fixture {
    let mut fixture = fixture("\n");
    fixture.workspace.edit(FileId(0), text.to_owned());
    fixture
}

/// The range between two `|`, formatted.
fn range_of(text: &str) -> String {
    let (before, rest) = text.split_once('|').unwrap();
    let (inside, behind) = rest.split_once('|').unwrap_or((rest, ""));
    let (inside, behind) = if text.matches('|').count() == 1 { ("", rest) } else { (inside, behind) };
    let fixture = of(&format!("{before}{inside}{behind}"));
    let desk = fixture.desk();
    let span = Span::new(before.len(), before.len() + inside.len());
    edited(desk.text(), &range(&desk, span))
}

/// What becomes of a text when what stands before `|` was typed last.
fn typed(text: &str) -> String {
    let offset = text.find('|').unwrap();
    let fixture = of(&text.replacen('|', "", 1));
    let desk = fixture.desk();
    let last = if text[..offset].trim_end_matches([' ', '\t']).ends_with('\n') {
        '\n'
    } else {
        text[..offset].chars().next_back().unwrap()
    };
    edited(desk.text(), &on_type(&desk, offset as u32, last))
}

const MESSY: &str = "# head\n\n\n\nweb   may reach api :80 ;  # why\nin namespace shop{\npods locked;\n  # inside\n\n\n  web may reach\n api:80;\n}\n# end";
const TIDY: &str = "# head\n\nweb may reach api:80; # why\nin namespace shop {\n    pods locked;\n    # inside\n\n    web may reach api:80;\n}\n# end\n";

#[test]
fn a_document_gets_its_form() {
    assert_eq!(document_of(MESSY), TIDY);
    assert_eq!(document_of(TIDY), TIDY);
    for text in ["", "\n\n", "# only\n", "web locked;"] {
        assert_eq!(document_of(text), crate::format(text).unwrap());
    }
}

#[test]
fn what_is_formatted_has_no_edits() {
    let fixture = of(TIDY);
    assert_eq!(document(&fixture.desk()), Ok(Vec::new()));
    assert_eq!(range(&fixture.desk(), Span::new(0, TIDY.len())), []);
}

#[test]
fn edits_are_small() {
    let text = "web locked;\napi  locked;\ndb locked;\n# ä\ndb   isolated;\n";
    let fixture = of(text);
    let edits = document(&fixture.desk()).unwrap();
    let shown: Vec<_> =
        edits.iter().map(|edit| (&text[edit.place.span.range()], edit.text.as_str())).collect();
    assert_eq!(shown, [(" ", ""), ("  ", "")]);
}

#[test]
fn line_ends_stay_as_they_are() {
    let windows = MESSY.replace('\n', "\r\n");
    assert_eq!(document_of(&windows), TIDY.replace('\n', "\r\n"));
    assert_eq!(document_of(&TIDY.replace('\n', "\r\n")), TIDY.replace('\n', "\r\n"));
    // The first line tells; the others follow.
    assert_eq!(document_of("web locked;\r\napi locked;\n"), "web locked;\r\napi locked;\r\n");
    assert_eq!(document_of("web locked;\napi locked;\r\n"), "web locked;\napi locked;\n");
    assert_eq!(
        range_of("|in namespace shop {\r\nweb locked;\r\n}|\r\n"),
        "in namespace shop {\r\n    web locked;\r\n}\r\n"
    );
}

#[test]
fn broken_documents_stay_and_say_why() {
    let fixture = of("web locked;\n\nweb may  nonsense;\n");
    let said = document(&fixture.desk()).unwrap_err();
    assert_eq!(said, "line 3 cannot be read: a file with errors of syntax is not formatted");
}

#[test]
fn settings_are_no_program() {
    let fixture = fixture("-- weir.toml --\n[project]\n-- main.weir --\nweb locked;");
    let desk = Desk::new(&fixture.workspace, 0, FileId(0), None);
    assert!(document(&desk).is_err());
    assert_eq!(range(&desk, Span::new(0, 5)), []);
    assert_eq!(on_type(&desk, 1, '\n'), []);
}

#[test]
fn a_range_changes_what_it_touches() {
    assert_eq!(
        range_of("web  locked;\nap|i  loc|ked;\ndb  locked;\n"),
        "web  locked;\napi locked;\ndb  locked;\n"
    );
    // A cursor is a range.
    assert_eq!(range_of("web  locked;\nap|i  locked;\n"), "web  locked;\napi locked;\n");
    // Over two statements with a comment and empty lines between them.
    assert_eq!(
        range_of("web  lo|cked;\n\n\n\n   # ä\napi  |locked;\ndb  locked;"),
        "web locked;\n\n# ä\napi locked;\ndb  locked;"
    );
    assert_eq!(range_of("web  locked;\n|\n\ndb  locked;"), "web  locked;\n\n\ndb  locked;");
    assert_eq!(range_of("|"), "");
}

#[test]
fn a_range_in_a_block_keeps_the_block() {
    let text = "in namespace  shop {\n web  locked;\n   ap|i  locked;\n}\n";
    assert_eq!(range_of(text), "in namespace  shop {\n web  locked;\n    api locked;\n}\n");
    // Under a block that is indented by hand, deeper than that.
    let text = "  in namespace shop {\n ap|i  locked;\n}\n";
    assert_eq!(range_of(text), "  in namespace shop {\n      api locked;\n}\n");
    // The head alone.
    let text = "in name|space  shop {\n  web  locked;\n  }\n";
    assert_eq!(range_of(text), "in namespace shop {\n  web  locked;\n  }\n");
    // All of it.
    let text = "|in namespace  shop {\n  web  locked;\n  }|\n";
    assert_eq!(range_of(text), "in namespace shop {\n    web locked;\n}\n");
    let text = "in cluster a {\nin namespace shop {\nweb  locked;\nap|i  locked|;\n}\n}";
    assert_eq!(range_of(text), "in cluster a {\nin namespace shop {\nweb  locked;\n    api locked;\n}\n}");
}

#[test]
fn a_range_leaves_out_what_is_broken() {
    assert_eq!(
        range_of("|web  locked;\nweb  nonsense;\nin namespace shop {\napi  locked;\napi : ;\n}|\n"),
        "web locked;\nweb  nonsense;\nin namespace shop {\n    api locked;\napi : ;\n}\n"
    );
}

#[test]
fn ranges_agree_with_the_document() {
    for text in [
        MESSY.to_owned(),
        MESSY.replace('\n', "\r\n"),
        MESSY.replace("api :80", "namespace data , anyone[app in (web),tier]"),
    ] {
        let whole = range_of(&format!("|{text}|"));
        assert_eq!(document_of(&whole), document_of(&text));
        assert_eq!(range_of(&format!("|{whole}|")), whole);
    }
}

#[test]
fn a_semicolon_ends_a_statement() {
    assert_eq!(typed("web  locked;\napi  locked;|\ndb  locked;"), "web  locked;\napi locked;\ndb  locked;");
    assert_eq!(typed("in namespace shop {\nweb  locked;|\n}"), "in namespace shop {\n    web locked;\n}");
    assert_eq!(typed("web\n  locked;| # why"), "web locked; # why");
    // In a comment and in a text it ends nothing.
    assert_eq!(typed("# a ;|\nweb  locked;"), "# a ;\nweb  locked;");
    assert_eq!(typed("web  locked because \"a;|\";"), "web  locked because \"a;\";");
    // Around it much may be broken.
    assert_eq!(typed("nonsense nonsense;\nweb  locked;|\nlet"), "nonsense nonsense;\nweb locked;\nlet");
    assert_eq!(typed("web  nonsense;|"), "web  nonsense;");
    assert_eq!(typed("web may  reach api:99999999;|"), "web may  reach api:99999999;");
    // What is not the sentence's end.
    assert_eq!(typed("in namespace shop { web  locked; };|"), "in namespace shop { web  locked; };");
}

#[test]
fn a_brace_ends_a_block() {
    assert_eq!(
        typed("web  locked;\nin namespace shop {\nweb  locked;\n    }|\nweb  locked;"),
        "web  locked;\nin namespace shop {\n    web locked;\n}\nweb  locked;"
    );
    // What is broken keeps its lines; the brace stands below its block.
    assert_eq!(
        typed("in namespace shop {\n  web  nonsense;\n    }|\n"),
        "in namespace shop {\n  web  nonsense;\n}\n"
    );
}

#[test]
fn a_new_line_is_indented() {
    assert_eq!(typed("in namespace shop {\n|"), "in namespace shop {\n    ");
    assert_eq!(typed("in namespace shop {\n|\n}"), "in namespace shop {\n    \n}");
    assert_eq!(
        typed("in namespace shop {\n    web locked;\n|    }"),
        "in namespace shop {\n    web locked;\n}"
    );
    assert_eq!(
        typed("in cluster a {\n    in namespace shop {\n|"),
        "in cluster a {\n    in namespace shop {\n        "
    );
    assert_eq!(typed("web may reach\n|api:80;"), "web may reach\n    api:80;");
    assert_eq!(typed("web locked;\n    |api locked;"), "web locked;\napi locked;");
    assert_eq!(typed("web locked; # {\n|"), "web locked; # {\n");
    assert_eq!(typed("test \"{\" {\n|"), "test \"{\" {\n    ");
    assert_eq!(typed("policy \"{ # ä\n|"), "policy \"{ # ä\n    ");
    assert_eq!(typed("}}}\n|web"), "}}}\nweb");
    // A line in the middle of the file alone.
    assert_eq!(typed("  web  locked;\n  |\n  api  locked;"), "  web  locked;\n\n  api  locked;");
    assert_eq!(typed("in namespace shop {\r\n|\r\n}"), "in namespace shop {\r\n    \r\n}");
}

#[test]
fn nothing_fails_at_any_offset() {
    for text in [MESSY, "ä \"{\r\n;}", "in x { # ä\n\u{feff}}", "\u{feff}web\r\nisolated;\r\n"] {
        let fixture = of(text);
        let desk = fixture.desk();
        for at in 0..=text.len() as u32 {
            for typed in [';', '}', '\n', 'x'] {
                edited(text, &on_type(&desk, at, typed));
            }
            if text.is_char_boundary(at as usize) {
                edited(text, &range(&desk, Span { start: 0, end: at }));
                edited(text, &range(&desk, Span { start: at, end: text.len() as u32 }));
            }
        }
    }
}
