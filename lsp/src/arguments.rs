//! The options of `weir-lsp`.

use lexopt::prelude::*;

pub const USAGE: &str = "\
weir-lsp: the language server of Weir

Editors start it; it speaks the Language Server Protocol 3.17 on standard input
and output.

Usage: weir-lsp [OPTIONS]

Options:
      --stdio            speak on standard input and output (the default)
      --tcp HOST:PORT    listen for one client, such as `--tcp 127.0.0.1:9257`
  -V, --version          print the version
  -h, --help             print this help";

#[derive(Debug, PartialEq, Eq)]
pub enum Arguments {
    Serve(Transport),
    Help,
    Version,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Transport {
    Stdio,
    Tcp(String),
}

pub fn parse(mut parser: lexopt::Parser) -> Result<Arguments, lexopt::Error> {
    let mut transport = Transport::Stdio;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("stdio") => transport = Transport::Stdio,
            Long("tcp") => transport = Transport::Tcp(parser.value()?.string()?),
            // Some clients say by which process they were started; the pipes say when it has ended.
            Long("clientProcessId") => drop(parser.value()?),
            Short('V') | Long("version") => return Ok(Arguments::Version),
            Short('h') | Long("help") => return Ok(Arguments::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Arguments::Serve(transport))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Arguments, String> {
        let words = std::iter::once("weir-lsp").chain(words.iter().copied());
        parse(lexopt::Parser::from_iter(words)).map_err(|error| error.to_string())
    }

    #[test]
    fn transports_are_chosen() {
        assert_eq!(parsed(&[]), Ok(Arguments::Serve(Transport::Stdio)));
        assert_eq!(parsed(&["--stdio", "--clientProcessId=7"]), Ok(Arguments::Serve(Transport::Stdio)));
        assert_eq!(
            parsed(&["--tcp", "localhost:1"]),
            Ok(Arguments::Serve(Transport::Tcp("localhost:1".into())))
        );
        assert_eq!(parsed(&["--prot"]), Err("invalid option '--prot'".into()));
    }
}
