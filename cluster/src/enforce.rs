//! What a CNI lets flow, read from policy bytes: one file a format, each written from that format's own
//! documentation, with its own structs and its own matching, and never from the compiler's lowering.

pub mod kubernetes;
