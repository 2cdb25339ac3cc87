//! The requests of editors, each answered from the compiler's `ide`: a file a group of them.
