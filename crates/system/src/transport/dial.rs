//! Opening byte streams to other services and to the PSP.

use std::{io, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use hyper::Uri;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

/// A connected byte stream.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// Opens streams. Deadlines are the caller's.
pub trait Dial: Send + Sync + 'static {
    /// Connects to the host and port of `uri`, with TLS when its scheme is https.
    fn dial(&self, uri: &Uri) -> BoxFuture<'static, io::Result<Box<dyn Stream>>>;
}

/// Dials over the machine's network; TLS with rustls and Mozilla's root certificates.
#[derive(Clone)]
pub struct TokioDial {
    tls: TlsConnector,
}

impl TokioDial {
    /// A dialler with an empty session cache.
    pub fn new() -> Self {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has every protocol version that rustls asks for")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { tls: TlsConnector::from(Arc::new(config)) }
    }
}

impl Default for TokioDial {
    fn default() -> Self {
        Self::new()
    }
}

impl Dial for TokioDial {
    fn dial(&self, uri: &Uri) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let tls = (uri.scheme_str() == Some("https")).then(|| self.tls.clone());
        let port = uri.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        let host = uri.host().unwrap_or_default().to_owned();
        async move {
            let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
            stream.set_nodelay(true)?;
            let Some(tls) = tls else { return Ok(Box::new(stream) as Box<dyn Stream>) };
            let name = ServerName::try_from(host).map_err(io::Error::other)?;
            Ok(Box::new(tls.connect(name, stream).await?) as Box<dyn Stream>)
        }
        .boxed()
    }
}
