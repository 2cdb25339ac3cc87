//! Lists that are read in parts: the same inventories and the same errors as when they are read as a whole, however
//! they are divided.

use super::super::parts::{Division, List};
use super::super::{ManifestError, Reader};

/// What comes of inputs: an inventory in all its detail, or errors.
type Outcome = Result<String, Vec<ManifestError>>;

fn outcome(read: impl FnOnce(&mut Reader)) -> Outcome {
    let mut reader = Reader::new("default");
    read(&mut reader);
    reader.finish().map(|inventory| format!("{inventory:#?}"))
}

/// Reads inputs as wholes, and in parts of many sizes by one and by several threads: nothing may differ. Returns what
/// came of them.
fn alike(inputs: &[&[u8]]) -> Outcome {
    let whole = outcome(|reader| {
        for (name, bytes) in inputs.iter().enumerate() {
            let _ = reader.read_whole(&name.to_string(), bytes);
        }
    });
    let longest = inputs.iter().map(|bytes| bytes.len()).max().unwrap_or_default();
    for part in (100..=longest.min(1000)).step_by(83) {
        for threads in [1, 3] {
            let division = Division { part, threads };
            let at_once = outcome(|reader| {
                for (name, bytes) in inputs.iter().enumerate() {
                    let _ = reader.read_divided(&name.to_string(), bytes, division);
                }
            });
            assert!(at_once == whole, "in parts of {part}:\n{at_once:#?}\n{whole:#?}");
            let streamed = outcome(|reader| {
                for (name, bytes) in inputs.iter().enumerate() {
                    let _ = reader.read_from_divided(&name.to_string(), || Ok(*bytes), division).unwrap();
                }
            });
            assert!(streamed == whole, "as a stream, in parts of {part}:\n{streamed:#?}\n{whole:#?}");
        }
    }
    whole
}

/// Whether a text is read in parts to its end.
fn is_divided(text: &str) -> bool {
    let bytes = text.as_bytes();
    let division = Division { part: bytes.len() / 5, threads: 2 };
    let mut reader = Reader::new("default");
    List::begins(&bytes[..division.part]).is_some_and(|list| {
        list.read(&mut reader.records, "x", list.items_of(bytes), division).expect("memory has no errors")
    })
}

fn regular(text: &str) {
    assert!(is_divided(text), "{text}");
    assert!(alike(&[text.as_bytes()]).is_ok());
}

fn irregular(text: &str) -> Outcome {
    assert!(!is_divided(text), "{text}");
    alike(&[text.as_bytes()])
}

fn service(number: usize) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"s{number}","labels":{{"n":"{number}"}}}}}}"#
    )
}

fn pod_json(number: usize, more: &str) -> String {
    let owner = format!(
        r#"{{"apiVersion":"apps/v1","kind":"StatefulSet","name":"w{}","controller":true}}"#,
        number % 3
    );
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p{number}","namespace":"n{}","labels":{{"a":"{}"}},
        "ownerReferences":[{owner}]{more}}},"spec":{{"serviceAccountName":"x"}},
        "status":{{"podIP":"10.0.0.{number}"}}}}"#,
        number % 4,
        number % 2,
    )
}

fn list(items: &[String], separator: &str) -> String {
    let items = items.join(&format!(",{separator}"));
    format!(r#"{{"apiVersion":"v1","items":[{separator}{items}],"kind":"List","metadata":{{}}}}"#)
}

#[test]
fn objects_of_many_kinds() {
    let mut items: Vec<String> = (0..20).map(|number| pod_json(number, "")).collect();
    items.extend((0..20).map(service));
    items.extend((0..5).map(|number| {
        format!(r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"{number}"}},"data":{{}}}}"#)
    }));
    for separator in ["", "\n", " ", "\r\n\t    "] {
        regular(&list(&items, separator));
        regular(&format!("\u{feff}\n {}\r\n ", list(&items, separator)));
    }
    items.push("null".to_owned());
    regular(&list(&items, ""));
    // One item is larger than any part.
    items.insert(7, pod_json(100, &format!(r#","annotations":{{"a":"{}"}}"#, "x".repeat(3000))));
    let text = list(&items, "\n");
    assert!(alike(&[text.as_bytes()]).is_ok());
}

#[test]
fn what_only_looks_like_an_item() {
    let traps = [
        r#","annotations":{"last":"{\"apiVersion\":\"v1\",\"items\":[]},{\"apiVersion\":\"v1\",\"kind\":\"Pod\","}"#,
        r#","annotations":{"a":"\\","b":"\\\"},{","c":",{","d":"]}"}"#,
        r#","annotations":{"a":"é ,{\u007b","b":"[[[[\\\\\\"}"#,
        r#","managedFields":[{"apiVersion":"v1","fieldsV1":{"f:a":{}}},{"apiVersion":"v1","manager":"a"}]"#,
        r#","x":{"items":[{"apiVersion":"v1","kind":"Pod"}]}"#,
    ];
    let items: Vec<String> = (0..30).map(|number| pod_json(number, traps[number % traps.len()])).collect();
    regular(&list(&items, ""));
    regular(&list(&items, "\n"));
    // These look so much like items that a guess may be wrong. Then the whole is read.
    let trap = r#","x":[{"apiVersion":"v1","kind":"Pod"},{"apiVersion":"v1","kind":"Pod","metadata":{"name":"no"}},
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"NO"}}, {"apiVersion":"v1","kind":"Pod"}]"#;
    let items: Vec<String> = (0..30).map(|number| pod_json(number, trap)).collect();
    assert!(alike(&[list(&items, "").as_bytes()]).is_ok());
}

#[test]
fn lists_of_one_kind() {
    let item = |number: usize| {
        format!(
            r#"{{"metadata":{{"name":"p{number}","labels":{{"n":"{number}"}}}},"spec":{{}},"status":{{}}}}"#
        )
    };
    let items = (0..40).map(item).collect::<Vec<_>>().join(",");
    let meta = r#""metadata":{"resourceVersion":"7","items":["]"]}"#;
    regular(&format!(r#"{{"kind":"PodList","apiVersion":"v1",{meta},"items":[{items}]}}"#));
    regular(&format!(r#"{{"apiVersion":"v1","kind":"ServiceList","items":[{items}],{meta}}}"#));
    regular(&format!(r#"{{"apiVersion":"x/v1","kind":"ThingList","items":[{items}],{meta}}}"#));
    // What the items are is said behind them, in part or altogether.
    for text in [
        format!(r#"{{"items":[{items}],{meta},"kind":"PodList","apiVersion":"v1"}}"#),
        format!(r#"{{"kind":"PodList",{meta},"items":[{items}],"apiVersion":"v1"}}"#),
        format!(r#"{{{meta},"items":[{items}],"kind":"List","apiVersion":"v1"}}"#),
    ] {
        let _ = irregular(&text);
    }
    // These say it themselves, whatever stands where around them.
    let items = (0..40).map(service).collect::<Vec<_>>().join(",");
    regular(&format!(r#"{{"items":[{items}],{meta},"kind":"PodList","apiVersion":"v1"}}"#));
    regular(&format!(r#"{{"kind":"PodList",{meta},"items":[{items}],"apiVersion":"v1"}}"#));
}

#[test]
fn what_is_around_the_items() {
    let items = (0..40).map(service).collect::<Vec<_>>().join(",");
    for text in [
        // No list, or not this one.
        format!(r#"{{"apiVersion":"x/v1","kind":"Thing","items":[{items}]}}"#),
        format!(r#"{{"apiVersion":"x/v1","items":[{items}],"kind":"Thing"}}"#),
        format!(r#"{{"apiVersion":"x/v1","items":[{items}],"kind":"List"}}"#),
        format!(r#"{{"apiVersion":"v1","kind":"List","metadata":{{"items":[{items}]}},"items":[]}}"#),
        format!(r#"{{"apiVersion":"v1","kind":"List","x":[{{"items":[{items}]}}],"items":[]}}"#),
        format!(r#"{{"apiVersion":"v1","kind":"List","a\"items":[{items}],"items":[]}}"#),
        format!(r#"{{"apiVersion":"v1","kind":"List","\u0069tems":[{items}]}}"#),
        format!(r#"[{{"apiVersion":"v1","kind":"List","items":[{items}]}}]"#),
        // Nothing says what it is.
        format!(r#"{{"items":[{items}]}}"#),
        format!(r#"{{"items":[{items}],"kind":"List"}}"#),
        format!(r#"{{"items":[{items}],"kind":5,"apiVersion":"v1"}}"#),
        // Twice.
        format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items}],"items":[]}}"#),
        format!(r#"{{"apiVersion":"v1","kind":"List","items":[],"items":[{items}]}}"#),
        format!(r#"{{"apiVersion":"v1","kind":"PodList","kind":"List","items":[{items}]}}"#),
        format!(r#"{{"apiVersion":"v1","items":[{items}],"kind":"List","kind":"Thing"}}"#),
        // No JSON.
        format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items},]}}"#),
        format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items}}}"#),
        format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items}]]}}"#),
        format!(r#"{{"apiVersion":"v1","kind":"List" "items":[{items}]}}"#),
        format!(r#"{{"apiVersion":"v1","kind":"List","x":nul,"items":[{items}]}}"#),
        format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items}],"x":nul}}"#),
        format!(r#"{{"apiVersion":"v1",}},"kind":"List","items":[{items}]}}"#),
    ] {
        let _ = irregular(&text);
    }
}

#[test]
fn several_documents() {
    let items: Vec<String> = (0..30).map(service).collect();
    let pods: Vec<String> = (0..30).map(|number| pod_json(number, "")).collect();
    let (services, pods) = (list(&items, ""), list(&pods, "\n"));
    for text in [
        format!("{services}{pods}"),
        format!("{services}\n{pods}\n{}", service(50)),
        format!("{}\n{services}", service(50)),
        format!("{services}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: yaml}}\n"),
        format!("---\n{services}\n---\n{pods}"),
    ] {
        assert!(irregular(&text).is_ok());
    }
    assert!(alike(&[services.as_bytes(), pods.as_bytes(), services.as_bytes()]).is_ok());
}

#[test]
fn lists_in_lists() {
    let inner = list(&[service(50), service(51)], "");
    let mut items: Vec<String> = (0..30).map(service).collect();
    items.insert(20, inner.clone());
    regular(&list(&items, ""));
    items[20] = list(&[list(&[list(&[inner], "")], "")], "");
    assert!(irregular(&list(&items, "")).is_err());
}

#[test]
fn errors_stand_where_they_stand() {
    let mut items: Vec<String> = (0..30).map(service).collect();
    for (at, bad) in [
        (29, service(99).replace("s99", "S99")),
        (28, service(99).replace("\"s99\"", "[]")),
        (3, service(99).replace("\"name\":\"s99\",", "")),
        (15, r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"é\u001f"}}"#.to_owned()),
        (15, "7".to_owned()),
        (15, service(99).replace("{\"name\":", "{\"name\"")),
        (15, service(99).replace("\"n\"", "\"n n\"")),
        (15, service(99).replace("\"kind\":\"Service\",", "")),
        (29, "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"\0\"}}".to_owned()),
    ] {
        let good = std::mem::replace(&mut items[at], bad);
        for separator in ["", "\n", "\n\n  "] {
            assert!(irregular(&list(&items, separator)).is_err());
        }
        items[at] = good;
    }
    // Several of them, in their order.
    for at in [2, 14, 27] {
        items[at] = service(99).replace("\"name\":\"s99\",", "");
    }
    let errors = irregular(&list(&items, "\n")).unwrap_err();
    assert_eq!(errors.iter().map(|error| error.line).collect::<Vec<_>>(), [4, 16, 29]);
    let mut bytes = list(&items, "\n").into_bytes();
    let at = bytes.len() * 2 / 3;
    bytes[at] = 0xff;
    assert!(alike(&[&bytes]).unwrap_err()[0].message.contains("UTF-8"));
}

#[test]
fn cut_off_anywhere_in_parts() {
    let items: Vec<String> = (0..8).map(service).collect();
    let text = list(&items, "\n");
    let division = Division { part: 100, threads: 2 };
    for end in 0..text.len() {
        let bytes = &text.as_bytes()[..end];
        let whole = outcome(|reader| drop(reader.read_whole("x", bytes)));
        assert_eq!(outcome(|reader| drop(reader.read_divided("x", bytes, division))), whole, "{end}");
    }
}

#[test]
fn the_same_object_twice() {
    let mut items: Vec<String> = (0..20).map(|number| pod_json(number, "")).collect();
    items.extend((0..20).map(service));
    items.push(pod_json(0, "").replace("Pod\"", "Pod\",\"x\":1"));
    items.push(service(0));
    regular(&list(&items, "\n"));
    // Contradictions: in one part, between two, and with an earlier input.
    for (at, twin) in
        [(21, service(1).replace(":\"1\"", ":\"2\"")), (38, service(1).replace(":\"1\"", ":\"2\""))]
    {
        let mut items = items.clone();
        items.insert(at, twin);
        items.insert(at, pod_json(3, "").replace("10.0.0.", "10.0.1."));
        assert_eq!(irregular(&list(&items, "\n")).unwrap_err().len(), 2);
    }
    let text = list(&items, "\n");
    let earlier = format!("{}{}", service(2).replace(":\"2\"", ":\"3\""), pod_json(2, ""));
    assert_eq!(alike(&[earlier.as_bytes(), text.as_bytes()]).unwrap_err().len(), 1);
    assert_eq!(alike(&[text.as_bytes(), earlier.as_bytes()]).unwrap_err().len(), 1);
    assert_eq!(alike(&[earlier.as_bytes(), text.as_bytes(), text.as_bytes()]).unwrap_err().len(), 2);
}

#[test]
fn an_input_is_opened_again_only_if_it_is_irregular() {
    let division = Division { part: 200, threads: 2 };
    let opened = |text: &str| {
        let mut count = 0;
        let mut reader = Reader::new("default");
        let open = || {
            count += 1;
            Ok(text.as_bytes())
        };
        let _ = reader.read_from_divided("x", open, division).expect("memory has no errors");
        count
    };
    let items: Vec<String> = (0..30).map(service).collect();
    assert_eq!(opened(&list(&items, "")), 1);
    assert_eq!(opened(&service(1)), 1);
    assert_eq!(opened(&"apiVersion: v1\nkind: Secret\n---\n".repeat(50)), 1);
    assert_eq!(opened(&list(&items, "").replace("s29", "S29")), 2);
}

#[test]
fn an_input_that_breaks_off() {
    struct Broken(usize);
    impl std::io::Read for Broken {
        fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
            let items: Vec<String> = (0..1000).map(service).collect();
            let text = list(&items, "\n");
            let here = &text.as_bytes()[self.0..];
            if self.0 > 9000 {
                return Err(std::io::Error::other("gone"));
            }
            let count = bytes.len().min(here.len()).min(1000);
            bytes[..count].copy_from_slice(&here[..count]);
            self.0 += count;
            Ok(count)
        }
    }
    for threads in [1, 2] {
        let mut reader = Reader::new("default");
        let division = Division { part: 700, threads };
        let error = reader.read_from_divided("x", || Ok(Broken(0)), division).unwrap_err();
        assert_eq!(error.to_string(), "gone");
    }
}
