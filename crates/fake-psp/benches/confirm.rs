//! How fast confirm is, as a share of an axum handler that returns a constant of the same length.
//!
//! `cargo bench -p fake-psp --bench confirm`. Both are served over loopback TCP by the same kind of
//! accept loop, each on one thread (the fake on the main thread, as the program serves it), and
//! asked by the same client, on a third thread, over the same kept-alive connections with the same
//! bytes; rounds of the two alternate. Every confirm has an authenticated payment of its own, made
//! outside of the measured time.
//!
//! Two ratios: of throughput, which is the goal's, and of the CPU time of the serving thread, which
//! a busy machine and the client's own work disturb less.

use std::{
    fs, process, thread,
    time::{Duration, Instant},
};

use axum::{Router, routing};
use base64::{Engine, prelude::BASE64_STANDARD};
use fake_psp::{BookEntry, FakePsp};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime,
    sync::oneshot,
    task::JoinSet,
};

const CONNECTIONS: usize = 8;
const REQUESTS: usize = 4_000;
const ROUNDS: usize = 15;
const GOAL: f64 = 0.4;

/// Where something is served, and by which thread.
struct Served {
    address: String,
    /// Where Linux tells the CPU time of the thread.
    schedstat: String,
}

impl Served {
    /// Nanoseconds of CPU that the serving thread has used.
    fn cpu_ns(&self) -> u64 {
        let text = fs::read_to_string(&self.schedstat).expect("Linux tells CPU time");
        let first = text.split_whitespace().next().expect("its first number");
        first.parse().expect("is nanoseconds")
    }
}

/// The schedstat file of the thread of that name.
fn schedstat(name: &str) -> String {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux lists threads");
    let mut paths = tasks.map(|task| task.expect("a thread").path());
    let is_it = |comm: String| comm.trim_end() == name;
    let path = paths.find(|path| fs::read_to_string(path.join("comm")).is_ok_and(is_it));
    path.expect("the thread is running").join("schedstat").display().to_string()
}

/// Serves a constant for confirm, as [`FakePsp::serve`] serves: a task per connection, on a thread
/// of its own.
async fn serve_constant(body: String) -> Served {
    let (tell, told) = oneshot::channel();
    let serve = move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let handler = move || std::future::ready(body.clone());
            let app = Router::new().route("/v1/payments/confirm", routing::post(handler));
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
            let mut connections = JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.expect("a connection");
                let service = TowerToHyperService::new(app.clone());
                let connection = http1::Builder::new()
                    .auto_date_header(false)
                    .serve_connection(TokioIo::new(socket), service);
                connections.spawn(connection);
            }
        });
    };
    // Ends with the process.
    thread::Builder::new().name("constant".into()).spawn(serve).expect("a thread");
    let address = told.await.expect("an address").to_string();
    Served { address, schedstat: schedstat("constant") }
}

/// Authenticated payments, as the requests that confirm them. Made over HTTP, as everything else.
async fn requests(psp: &FakePsp, address: &str, round: usize) -> Vec<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.set_nodelay(true).expect("no delay");
    let mut buffer = Vec::with_capacity(16 * 1024);
    let basic = BASE64_STANDARD.encode(format!("{}:", psp.config().secret_keys[0]));
    let mut requests = Vec::with_capacity(REQUESTS);
    for n in 0..REQUESTS {
        let order_id = format!("order-{round:03}-{n:06}");
        let order = format!(r#"{{"order_id":"{order_id}","amount":15000}}"#);
        let open = post("/_fake/payments", "", &order);
        let opened = exchange(&mut stream, &open, &mut buffer).await;
        let (_, rest) = opened.split_once(r#""payment_key":""#).expect("a payment");
        let (key, _) = rest.split_once('"').expect("its key");
        let approve = post(&format!("/_fake/payments/{key}/approve"), "", "");
        exchange(&mut stream, &approve, &mut buffer).await;
        let body = format!(r#"{{"paymentKey":"{key}","orderId":"{order_id}","amount":15000}}"#);
        let authorization = format!("authorization: Basic {basic}\r\n");
        requests.push(post("/v1/payments/confirm", &authorization, &body));
    }
    requests
}

fn post(path: &str, header: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = "host: 127.0.0.1\r\ncontent-type: application/json\r\n";
    format!("POST {path} HTTP/1.1\r\n{head}{header}content-length: {length}\r\n\r\n{body}").into()
}

/// One request over a kept-alive connection: the body of its answer, which must be a success.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> String {
    stream.write_all(request).await.expect("sent");
    buffer.clear();
    loop {
        let read = stream.read_buf(buffer).await.expect("an answer");
        assert!(read > 0, "the connection stays open");
        let text = std::str::from_utf8(buffer).unwrap_or_default();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length.is_some_and(|length| length.parse() == Ok(body.len())) {
            assert!(head.starts_with("HTTP/1.1 20"), "{text}");
            return body.to_owned();
        }
    }
}

/// Keeps the client's thread from sleeping. Waking it costs the serving thread several
/// microseconds on a virtual machine, and only the slower of the two would have to do so.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

/// What a round took.
struct Took {
    wall: Duration,
    cpu_ns: u64,
}

/// All requests, over all connections at once.
async fn round(served: &Served, requests: &[Vec<u8>]) -> Took {
    let mut clients = JoinSet::new();
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(&served.address).await.expect("connected");
        stream.set_nodelay(true).expect("no delay");
        streams.push(stream);
    }
    let shares = requests.chunks(requests.len().div_ceil(CONNECTIONS)).map(<[_]>::to_vec);
    let work: Vec<_> = streams.into_iter().zip(shares).collect();
    let before = served.cpu_ns();
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let begin = Instant::now();
    clients.spawn(stay_awake());
    for (mut stream, share) in work {
        clients.spawn(async move {
            let mut buffer = Vec::with_capacity(16 * 1024);
            for request in share {
                exchange(&mut stream, &request, &mut buffer).await;
            }
        });
    }
    while clients.len() > 1 {
        clients.join_next().await.expect("one of many").expect("every request is answered");
    }
    Took { wall: begin.elapsed(), cpu_ns: served.cpu_ns() - before }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Asks the two in turn. Was the goal met?
async fn measure(psp: FakePsp, fake: Served) -> bool {
    let warm = requests(&psp, &fake.address, 0).await;
    let mut stream = TcpStream::connect(&fake.address).await.expect("connected");
    let answer = exchange(&mut stream, &warm[0], &mut Vec::new()).await;
    println!("an answer of confirm is {} bytes long", answer.len());
    let constant = serve_constant(answer).await;
    round(&fake, &warm[1..]).await;
    round(&constant, &warm).await;

    let (mut speed, mut cpu) = (Vec::new(), Vec::new());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for n in 1..=ROUNDS {
        let requests = requests(&psp, &fake.address, n).await;
        let confirm = round(&fake, &requests).await;
        let constant = round(&constant, &requests).await;
        speed.push(constant.wall.as_secs_f64() / confirm.wall.as_secs_f64());
        cpu.push(constant.cpu_ns as f64 / confirm.cpu_ns as f64);
        ours.push(REQUESTS as f64 / confirm.wall.as_secs_f64());
        theirs.push(REQUESTS as f64 / constant.wall.as_secs_f64());
    }
    let taken = psp.book().iter().map(BookEntry::signed_amount).sum::<i64>();
    let paid = i64::try_from((ROUNDS + 1) * REQUESTS).expect("a modest number");
    assert_eq!(taken, 15_000 * paid, "every confirm took its money, once");

    let median_speed = median(&mut speed);
    println!(
        "confirm {:.0}, constant {:.0} requests per second (medians of {ROUNDS} rounds of {REQUESTS} over {CONNECTIONS} connections)",
        median(&mut ours),
        median(&mut theirs)
    );
    let met = median_speed >= GOAL;
    println!(
        "throughput: {median_speed:.2} of the constant's [{:.2}..{:.2}] (goal {GOAL}: {})",
        speed[0],
        speed[ROUNDS - 1],
        if met { "met" } else { "MISSED" }
    );
    let median_cpu = median(&mut cpu);
    println!(
        "CPU of the serving thread: {median_cpu:.2} of confirm's [{:.2}..{:.2}]",
        cpu[0],
        cpu[ROUNDS - 1]
    );
    met
}

async fn run() -> bool {
    let fake = FakePsp::builder().open().await.expect("the fake starts");
    let psp = fake.psp().clone();
    let address = fake.url().strip_prefix("http://").expect("plain HTTP").to_owned();
    let main = process::id();
    let served = Served { address, schedstat: format!("/proc/self/task/{main}/schedstat") };
    let (tell, told) = oneshot::channel();
    let client = move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let met = runtime.expect("a runtime").block_on(measure(psp, served));
        tell.send(met).expect("the fake serves until then");
    };
    let client = thread::Builder::new().name("client".into()).spawn(client).expect("a thread");
    let mut met = false;
    let measured = async { met = told.await.unwrap_or(false) };
    fake.serve(measured).await.expect("there is no file to fail");
    client.join().expect("every answer is as it should be");
    met
}

fn main() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let met = runtime.expect("a runtime").block_on(run());
    std::process::exit(i32::from(!met));
}
