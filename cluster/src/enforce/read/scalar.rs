//! What kubectl takes a plain YAML scalar for: YAML 1.1 as its library, go-yaml v2, applies it. Knows nothing of
//! structure and nothing of policies.

/// What kubectl takes a scalar for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::enforce) enum Scalar {
    Null,
    Bool(bool),
    /// With its value, where that is a whole number that fits.
    Number(Option<i64>),
    /// go-yaml gives it back as text, other readers as a date; both at once is no good.
    Timestamp,
    /// The plain `<<`.
    Merge,
    Text,
}

impl Scalar {
    /// What it is, with an article.
    pub(in crate::enforce) fn noun(self) -> &'static str {
        match self {
            Scalar::Null => "null",
            Scalar::Bool(_) => "a boolean",
            Scalar::Number(_) => "a number",
            Scalar::Timestamp => "a date",
            Scalar::Merge => "a merge key",
            Scalar::Text => "text",
        }
    }
}

/// How go-yaml v2 types a plain scalar.
pub(in crate::enforce) fn type_of(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "<<" => Scalar::Merge,
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf"
        | "-.Inf" | "-.INF" => Scalar::Number(None),
        _ => match text.as_bytes()[0] {
            b'.' if is_decimal(text) => number(text),
            b'+' | b'-' | b'0'..=b'9' => {
                if is_timestamp(text) {
                    return Scalar::Timestamp;
                }
                let plain = text.replace('_', "");
                match whole(&plain) {
                    Some(value) => Scalar::Number(i64::try_from(value).ok()),
                    None if is_decimal(&plain) => number(&plain),
                    None => Scalar::Text,
                }
            }
            _ => Scalar::Text,
        },
    }
}

/// A whole number as Go reads it: `0x`, `0o` and `0b`, and a leading zero for octal.
fn whole(text: &str) -> Option<i128> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    // What is larger than any field is a number still.
    Some(i128::from_str_radix(digits, radix).map_or(i128::MAX, |value| sign * value))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (rest, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((before, fraction)) => digits(before) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa && exponent.is_none_or(digits)
}

/// A decimal that is too large for a float is text, as in Go.
fn number(text: &str) -> Scalar {
    match text.parse::<f64>() {
        Ok(value) if value.is_infinite() => Scalar::Text,
        Ok(value) if value.fract() == 0.0 && value.abs() < 9e15 => Scalar::Number(Some(value as i64)),
        _ => Scalar::Number(None),
    }
}

/// `2006-1-2`, or that with `T15:4:5.999Z07:00` or ` 15:4:5.999`.
fn is_timestamp(text: &str) -> bool {
    let mut rest = text;
    let mut digits = |most: usize, between: &[u8], low: u32, high: u32| -> Option<u8> {
        let len = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let value: u32 = rest[..len].parse().ok()?;
        let next = rest.as_bytes().get(len).copied().unwrap_or(0);
        if value < low || value > high || !between.contains(&next) {
            return None;
        }
        rest = &rest[(len + usize::from(next != 0)).min(rest.len())..];
        Some(next)
    };
    let mut parts = || {
        digits(4, b"-", 0, 9999)?;
        digits(2, b"-", 1, 12)?;
        let separator = digits(2, b"\0Tt ", 1, 31)?;
        if separator == 0 {
            return Some((separator, 0));
        }
        digits(2, b":", 0, 23)?;
        digits(2, b":", 0, 59)?;
        let mut end = digits(2, b"\0.,Z+-", 0, 59)?;
        if end == b'.' || end == b',' {
            end = digits(usize::MAX, b"\0Z+-", 0, u32::MAX)?;
        }
        Some((separator, end))
    };
    let year_is_long = text.bytes().take_while(u8::is_ascii_digit).count() == 4;
    let Some((separator, end)) = parts().filter(|_| year_is_long) else { return false };
    match (separator, end) {
        (0 | b' ', 0) | (b'T' | b't', b'Z') => rest.is_empty(),
        (b'T' | b't', b'+' | b'-') => {
            let zone = rest.as_bytes();
            zone.len() == 5
                && zone[2] == b':'
                && [0, 1, 3, 4].iter().all(|&i: &usize| zone[i].is_ascii_digit())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_typed_as_kubectl_does() {
        use Scalar::*;
        let cases: &[(&str, Scalar)] = &[
            ("web", Text),
            ("yes", Bool(true)),
            ("y", Bool(true)),
            ("On", Bool(true)),
            ("NO", Bool(false)),
            ("n", Bool(false)),
            ("off", Bool(false)),
            ("oFF", Text),
            ("true", Bool(true)),
            ("", Null),
            ("~", Null),
            ("null", Null),
            ("80", Number(Some(80))),
            ("+80", Number(Some(80))),
            ("-1", Number(Some(-1))),
            ("1_000", Number(Some(1000))),
            ("1_", Number(Some(1))),
            ("_1", Text),
            ("010", Number(Some(8))),
            ("08", Number(Some(8))),
            ("0x50", Number(Some(80))),
            ("0o17", Number(Some(15))),
            ("0b11", Number(Some(3))),
            ("-0b11", Number(Some(-3))),
            ("0x", Text),
            ("1e2", Number(Some(100))),
            ("80.0", Number(Some(80))),
            ("1.5", Number(None)),
            (".5", Number(None)),
            ("1.", Number(Some(1))),
            ("1.2.3", Text),
            ("..", Text),
            (".inf", Number(None)),
            ("-.INF", Number(None)),
            (".nan", Number(None)),
            ("1e999", Text),
            ("99999999999999999999", Number(None)),
            ("12:30:45", Text),
            ("2024-01-01", Timestamp),
            ("2024-1-1", Timestamp),
            ("2024-13-01", Text),
            ("2024-01-01T10:00:00Z", Timestamp),
            ("2024-01-01T10:00:00.5+01:00", Timestamp),
            ("2024-01-01 10:00:00", Timestamp),
            ("2024-01-01T10", Text),
            ("2024-01-01x", Text),
            ("24-01-01", Text),
            ("20240-01-01", Text),
            ("10.0.0.0/8", Text),
            ("1m", Text),
            ("-", Text),
            ("v1", Text),
        ];
        for (text, kind) in cases {
            assert_eq!(type_of(text), *kind, "{text}");
        }
    }
}
