//! Whoever keeps one program: a thread that reads its files and inventories, and judges it as a whole whenever it has
//! changed. Answers never wait for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tower_lsp::Client;
use tower_lsp::ls_types::{NumberOrString, Uri};
use weir::ide::Memory;

use crate::hub::{Hub, guarded};
use crate::load;
use crate::root::Root;
use crate::status;

/// As much as the main thread usually has: sets stand within sets.
const STACK: usize = 8 << 20;
/// So long nothing has to change before a program is judged as a whole: typing is not.
const PAUSE: Duration = Duration::from_millis(20);

/// What has to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Files came, went or changed on disk, or `weir.toml` says something else.
    Files,
    Inventory,
    /// Texts changed.
    Texts,
}

#[derive(Default)]
struct Signals {
    files: bool,
    inventory: bool,
    texts: bool,
    ended: bool,
}

impl Signals {
    fn any(&self) -> bool {
        self.files || self.inventory || self.texts || self.ended
    }
}

#[derive(Default)]
struct Bell {
    signals: Mutex<Signals>,
    rung: Condvar,
}

pub struct Keeper {
    bell: Arc<Bell>,
}

impl Keeper {
    pub fn start(root: Root, hub: Weak<Hub>) -> Keeper {
        let bell = Arc::new(Bell::default());
        let keeper = Keeper { bell: Arc::clone(&bell) };
        keeper.wake(Wake::Files);
        let work = move || keep(&root, &hub, &bell);
        // Where no thread is to be had, files are checked by themselves alone.
        let _ = thread::Builder::new().name("keeper".to_owned()).stack_size(STACK).spawn(work);
        keeper
    }

    pub fn wake(&self, what: Wake) {
        let mut signals = self.bell.signals.lock().unwrap_or_else(PoisonError::into_inner);
        match what {
            Wake::Files => signals.files = true,
            Wake::Inventory => signals.inventory = true,
            Wake::Texts => signals.texts = true,
        }
        self.bell.rung.notify_all();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.bell.signals.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.bell.rung.notify_all();
    }
}

impl Bell {
    /// Waits for something to do, and then until nothing more comes for a while.
    fn wait(&self) -> Signals {
        let mut signals = self.signals.lock().unwrap_or_else(PoisonError::into_inner);
        while !signals.any() {
            signals = self.rung.wait(signals).unwrap_or_else(PoisonError::into_inner);
        }
        while !signals.ended {
            signals.texts = false;
            let (again, waited) =
                self.rung.wait_timeout(signals, PAUSE).unwrap_or_else(PoisonError::into_inner);
            signals = again;
            if waited.timed_out() && !signals.texts {
                break;
            }
        }
        std::mem::take(&mut signals)
    }
}

fn keep(root: &Root, hub: &Weak<Hub>, bell: &Bell) {
    let mut memory = Memory::default();
    let mut jobs: Option<Vec<load::Job>> = None;
    loop {
        let signals = bell.wait();
        let Some(hub) = hub.upgrade().filter(|_| !signals.ended) else { return };
        let done = guarded(|| {
            if signals.files || signals.inventory {
                read(root, &hub, &signals, &mut jobs, &mut memory);
            }
            judge(root, &hub, &mut memory);
        });
        if let Err(error) = done {
            memory = Memory::default();
            let client = hub.client.clone();
            hub.runtime.spawn(async move {
                client.log_message(tower_lsp::ls_types::MessageType::ERROR, error.message).await;
            });
        }
    }
}

/// Reads the files of a program, and the clusters that are not known yet or have changed.
fn read(
    root: &Root,
    hub: &Arc<Hub>,
    signals: &Signals,
    jobs: &mut Option<Vec<load::Job>>,
    memory: &mut Memory,
) {
    if signals.files {
        let open = hub.state().open_texts();
        let files = load::files(root, &open);
        let publications = {
            let mut state = hub.state();
            state.install(root, files);
            *memory = Memory::default();
            state.news(root, None)
        };
        hub.runtime.block_on(hub.publish(publications));
    }
    let (wanted, namespace) = {
        let state = hub.state();
        let Some(program) = state.programs.get(root) else { return };
        let wanted = load::jobs(&program.workspace, root, &state.inventory(), state.settings.target());
        (wanted, state.settings.namespace.clone())
    };
    if signals.inventory || jobs.as_ref() != Some(&wanted) {
        let is_work = wanted.iter().any(|job| !job.inventory.is_empty());
        let progress = is_work.then(|| Progress::begin(hub, "reading the inventory"));
        status::tell(hub, root);
        let worlds = load::worlds(&wanted, &namespace);
        let publications = {
            let mut state = hub.state();
            state.install_worlds(root, &wanted, worlds);
            *memory = Memory::default();
            let mut first: Vec<Uri> = state.open_in(root);
            first.extend(state.broken_in(root));
            first.iter().flat_map(|uri| state.news(root, Some(uri))).collect()
        };
        *jobs = Some(wanted);
        hub.runtime.block_on(hub.publish(publications));
        drop(progress);
        status::tell(hub, root);
        hub.refresh();
    }
}

/// Judges a program as it is now, unless it changes meanwhile.
fn judge(root: &Root, hub: &Arc<Hub>, memory: &mut Memory) {
    let (workspace, generation, current) = {
        let mut state = hub.state();
        let Some(program) = state.programs.get_mut(root) else { return };
        program.workspace.today = load::today();
        let current = program.generation.load(Ordering::SeqCst);
        (program.workspace.clone(), Arc::clone(&program.generation), current)
    };
    let is_stopped = || generation.load(Ordering::SeqCst) != current;
    let Ok(whole) = workspace.judge(memory, &is_stopped) else { return };
    let publications = {
        let mut state = hub.state();
        let Some(program) = state.programs.get_mut(root) else { return };
        if is_stopped() {
            return;
        }
        program.judged(Arc::new(whole));
        state.news(root, None)
    };
    hub.runtime.block_on(hub.publish(publications));
    status::tell(hub, root);
    hub.refresh();
}

/// A word to the user that something takes a while, until it is dropped.
struct Progress {
    _ended: Option<oneshot::Sender<()>>,
}

impl Progress {
    fn begin(hub: &Arc<Hub>, title: &'static str) -> Progress {
        if !hub.state().can.shows_progress {
            return Progress { _ended: None };
        }
        let (sender, ended) = oneshot::channel();
        let client = hub.client.clone();
        hub.runtime.spawn(show(client, title, ended));
        Progress { _ended: Some(sender) }
    }
}

async fn show(client: Client, title: &'static str, ended: oneshot::Receiver<()>) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let token = NumberOrString::String(format!("weir/{title}/{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    if client.create_work_done_progress(token.clone()).await.is_err() {
        return;
    }
    let ongoing = client.progress(token, format!("Weir: {title}")).begin().await;
    let _ = ended.await;
    ongoing.finish().await;
}
