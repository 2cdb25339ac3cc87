//! Policy text as kubectl and the API server take it: YAML with the types of scalars, typed fields, metadata, and the
//! syntax of names, labels and prefixes. Knows no kind of object.

pub(super) mod fields;
pub(super) mod meta;
pub(super) mod objects;
pub(super) mod scalar;
pub(super) mod syntax;
pub(super) mod tree;
