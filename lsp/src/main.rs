//! `weir-lsp`, the language server of Weir: the protocol, and files as the editor has them. What there is to say is found
//! by the compiler's `ide`.
#![allow(clippy::disallowed_methods, reason = "all IO of the language server is here")]

mod arguments;
mod capabilities;
mod convert;
mod documents;
mod features;
mod hub;
mod keeper;
mod load;
mod pages;
mod program;
mod publish;
mod pull;
mod root;
mod server;
mod settings;
mod status;
mod text;

use std::io::Write;
use std::process::ExitCode;

use tokio::net::TcpListener;
use tower_lsp::{LspService, Server};

use arguments::{Arguments, Transport};

/// Sets and sentences are many small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match arguments::parse(lexopt::Parser::from_env()) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("weir-lsp: {error}\n\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    let transport = match arguments {
        Arguments::Help => return say(arguments::USAGE),
        Arguments::Version => return say(concat!("weir-lsp ", env!("CARGO_PKG_VERSION"))),
        Arguments::Serve(transport) => transport,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("cannot start: {error}")),
    };
    let ended = runtime.block_on(serve(transport));
    // Whoever still reads or judges is not waited for.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

async fn serve(transport: Transport) -> Result<(), String> {
    let runtime = tokio::runtime::Handle::current();
    let (service, socket) = LspService::build(|client| server::Backend::new(client, runtime))
        .custom_method("weir/virtualDocument", server::Backend::virtual_document)
        .custom_method("weir/clusters", server::Backend::clusters)
        .custom_method("weir/choose", server::Backend::choose)
        .finish();
    match transport {
        Transport::Stdio => {
            let (stdin, stdout) = (tokio::io::stdin(), tokio::io::stdout());
            // In the order in which they come: an answer is about the text as it is then.
            Server::new(stdin, stdout, socket).concurrency_level(1).serve(service).await;
        }
        Transport::Tcp(address) => {
            let reason = |error: std::io::Error| format!("cannot listen on {address}: {error}");
            let listener = TcpListener::bind(&address).await.map_err(reason)?;
            if let Ok(address) = listener.local_addr() {
                eprintln!("weir-lsp: listening on {address}");
            }
            let (stream, _) = listener.accept().await.map_err(reason)?;
            let _ = stream.set_nodelay(true); // only slower without
            let (reading, writing) = stream.into_split();
            Server::new(reading, writing, socket).concurrency_level(1).serve(service).await;
        }
    }
    Ok(())
}

fn say(text: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn failed(reason: &str) -> ExitCode {
    eprintln!("weir-lsp: {reason}");
    ExitCode::FAILURE
}
