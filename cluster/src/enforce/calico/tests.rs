//! Policies as text, and what they have to mean.
