//! The network between hosts: sockets that services hold ([`TcpStream`], [`Listener`]), the wire
//! that carries their packets, and the faults that the wire suffers ([`Net`]).

mod connection;
mod fate;
mod faults;
mod stream;
mod wire;

pub use faults::Net;
pub use stream::{Listener, TcpStream};

pub(crate) use connection::Arrival;
pub(crate) use faults::{nanos, power_off, power_on, resume, wipe};
pub(crate) use stream::{bind, dial};
pub(crate) use wire::Wire;

use std::net::{IpAddr, Ipv4Addr};

use super::world::HostIndex;

/// The address of a host: 10.0.0.1 for the first.
pub(crate) fn address(host: HostIndex) -> IpAddr {
    let [high, low] = (host.0 + 1).to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, 0, high, low))
}

/// The host of an address that [`address`] made.
pub(crate) fn host_of(address: IpAddr) -> Option<HostIndex> {
    match address {
        IpAddr::V4(v4) => match v4.octets() {
            [10, 0, high, low] => u16::from_be_bytes([high, low]).checked_sub(1).map(HostIndex),
            _ => None,
        },
        IpAddr::V6(_) => None,
    }
}
