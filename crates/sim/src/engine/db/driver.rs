//! The sqlx `Any` driver: every call of a service becomes a [`Link::call`].

use std::{str::FromStr, sync::Arc, sync::Once, time::Duration};

use either::Either;
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream, stream::BoxStream};
use sqlx_core::{
    Error, Result,
    any::{
        AnyArguments, AnyConnectOptions, AnyConnectionBackend, AnyRow, AnyStatement, AnyTypeInfo,
        driver::AnyDriver,
    },
    connection::ConnectOptions,
    sql_str::SqlStr,
};

use super::sqlite::{Engine, Item};
use super::{
    link::{Call, Link, Outcome, Place},
    plumbing::SimDb,
};
use crate::engine::{host::Owner, world};

/// Installs this driver next to those of SQLite and PostgreSQL, once per process.
///
/// # Panics
/// If somebody else has installed sqlx drivers before: call this first instead.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let drivers = Box::leak(Box::new([
            AnyDriver::without_migrate::<SimDb>(),
            sqlx::sqlite::any::DRIVER,
            sqlx::postgres::any::DRIVER,
        ]));
        sqlx_core::any::driver::install_drivers(drivers).expect(
            "sqlx drivers can be installed once per process: call engine::db::install before \
             anything else does",
        );
    });
}

/// A connection URL: `sim+sqlite://NAME?host=HOST`.
#[derive(Debug, Clone)]
pub(crate) struct SimOptions {
    url: url::Url,
}

impl FromStr for SimOptions {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        Ok(Self { url: url.parse().map_err(Error::config)? })
    }
}

impl<'a> TryFrom<&'a AnyConnectOptions> for SimOptions {
    type Error = Error;

    fn try_from(options: &'a AnyConnectOptions) -> Result<Self> {
        Ok(Self { url: options.database_url.clone() })
    }
}

impl ConnectOptions for SimOptions {
    type Connection = SimConnection;

    fn from_url(url: &url::Url) -> Result<Self> {
        Ok(Self { url: url.clone() })
    }

    async fn connect(&self) -> Result<SimConnection> {
        let place = self.place()?;
        let link = world::with(|w| w.databases.open(|id| Link::new(id, place)));
        // From here on dropping the connection closes it, also while it is being opened.
        let connection = SimConnection { link };
        connection.link.connect().await?;
        Ok(connection)
    }

    fn log_statements(self, _: log::LevelFilter) -> Self {
        self
    }

    fn log_slow_statements(self, _: log::LevelFilter, _: Duration) -> Self {
        self
    }
}

impl SimOptions {
    /// The database and the life of the host that connects.
    fn place(&self) -> Result<Place> {
        let refuse = |why: String| Err(Error::Configuration(why.into()));
        let Some(name) = self.url.host_str() else {
            return refuse(format!("{} names no database", self.url));
        };
        let found = world::try_with(|w| w.databases.find(name));
        let Some(db) = found.flatten() else {
            return refuse(format!("no database {name} in this world: Db::create it"));
        };
        let pairs: Vec<_> = self.url.query_pairs().collect();
        let host = pairs.iter().find(|(key, _)| key == "host");
        let Some((_, host)) = host else {
            return Ok(Place { db, owner: None });
        };
        let owner = world::with(|w| {
            let host = w.find_host(host)?;
            let slot = &w.hosts.borrow()[usize::from(host.0)];
            let current = w.current.get().filter(|owner| owner.host == host);
            let incarnation = current.map_or(slot.incarnation, |owner| owner.incarnation);
            let alive = slot
                .life
                .as_ref()
                .is_some_and(|life| life.is_alive() && life.owner.incarnation == incarnation);
            alive.then_some(Owner { host, incarnation })
        });
        match owner {
            Some(owner) => Ok(Place { db, owner: Some(owner) }),
            None => refuse(format!("host {host} is not up in this world")),
        }
    }
}

/// A service's connection.
#[derive(Debug)]
pub(crate) struct SimConnection {
    pub(super) link: Arc<Link>,
}

impl Drop for SimConnection {
    fn drop(&mut self) {
        world::try_with(|w| {
            if w.databases.is_stalled(w, &self.link) {
                self.link.break_off();
                w.databases.close_when_resumed(&self.link);
            } else {
                w.databases.close(w, &self.link);
            }
        });
    }
}

impl SimConnection {
    async fn begin_with(&self, statement: Option<SqlStr>) -> Result<()> {
        let sql = statement.as_ref().map_or("BEGIN", |text| text.as_str());
        let begin = sql.to_owned();
        let call = Call { kind: "db.begin", sql };
        let work = |w: &world::WorldState, link: &Link| {
            let begun = w.databases.run(link.place.db, |engine| engine.begin(Some(&begin)));
            begun.map(|()| link.began(w))
        };
        self.link.call(call, work).await
    }

    async fn end(&self, kind: &'static str, commit: bool) -> Result<()> {
        let work = |w: &world::WorldState, link: &Link| {
            if link.depth() == 0 {
                return Ok(());
            }
            let ended = w.databases.run(link.place.db, |engine| {
                if commit { engine.commit() } else { engine.rollback() }
            });
            ended.map(|()| link.ended(w, commit))
        };
        self.link.call(Call { kind, sql: "" }, work).await
    }
}

/// A script may not leave a transaction open behind the driver's back.
fn refuse_begin(sql: &str) -> Result<()> {
    let begins = sql.trim_start().get(..5);
    if begins.is_some_and(|word| word.eq_ignore_ascii_case("begin")) {
        let why = "this driver must know of transactions: begin them with Pool::begin or \
                   Connection::begin_with, not with SQL text";
        return Err(Error::Configuration(why.into()));
    }
    Ok(())
}

impl AnyConnectionBackend for SimConnection {
    fn name(&self) -> &str {
        "SQLite"
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn close_hard(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        futures::future::ready(self.link.check()).boxed()
    }

    fn begin(&mut self, statement: Option<SqlStr>) -> BoxFuture<'_, Result<()>> {
        self.begin_with(statement).boxed()
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<()>> {
        self.end("db.commit", true).boxed()
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<()>> {
        self.end("db.rollback", false).boxed()
    }

    fn start_rollback(&mut self) {
        if self.link.depth() == 0 {
            return;
        }
        world::try_with(|w| {
            if w.databases.is_stalled(w, &self.link) {
                self.link.break_off();
                w.databases.close_when_resumed(&self.link);
                return;
            }
            let db = self.link.place.db;
            let undone = w.databases.run(db, Engine::rollback);
            undone.expect("SQLite rolls back an open transaction");
            self.link.trace(w, "db.rollback", "", "dropped");
            self.link.ended(w, false);
        });
    }

    fn get_transaction_depth(&self) -> usize {
        self.link.depth()
    }

    fn shrink_buffers(&mut self) {}

    fn flush(&mut self) -> BoxFuture<'_, Result<()>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn should_flush(&self) -> bool {
        false
    }

    fn fetch_many(
        &mut self,
        query: SqlStr,
        _: bool,
        arguments: Option<AnyArguments>,
    ) -> BoxStream<'_, Item> {
        async move {
            if let Err(error) = refuse_begin(query.as_str()) {
                return stream::iter(vec![Err(error)]);
            }
            let call = Call { kind: "db.query", sql: query.as_str() };
            let work = |w: &world::WorldState, link: &Link| {
                link.run(w, call, |engine| Outcome::of_items(ask(engine, link, call, arguments)))
            };
            match self.link.call(call, work).await {
                Ok((items, None)) => stream::iter(items),
                Ok((mut items, Some(error))) => {
                    items.push(Err(error));
                    stream::iter(items)
                }
                Err(error) => stream::iter(vec![Err(error)]),
            }
        }
        .flatten_stream()
        .boxed()
    }

    fn fetch_optional(
        &mut self,
        query: SqlStr,
        _: bool,
        arguments: Option<AnyArguments>,
    ) -> BoxFuture<'_, Result<Option<AnyRow>>> {
        async move {
            refuse_begin(query.as_str())?;
            let call = Call { kind: "db.query", sql: query.as_str() };
            let work = |w: &world::WorldState, link: &Link| {
                link.run(w, call, |engine| {
                    let items: Result<Vec<_>> =
                        ask(engine, link, call, arguments).into_iter().collect();
                    let value = items.map(|items| items.into_iter().find_map(Either::right));
                    let changed = value.is_ok();
                    Outcome { value, changed }
                })
            };
            self.link.call(call, work).await
        }
        .boxed()
    }

    fn prepare_with<'c, 'q: 'c>(
        &'c mut self,
        _: SqlStr,
        _: &[AnyTypeInfo],
    ) -> BoxFuture<'c, Result<AnyStatement>> {
        let why = "this driver prepares every statement by itself: run it with sqlx::query";
        futures::future::ready(Err(Error::Configuration(why.into()))).boxed()
    }
}

/// Runs the statement of a call.
fn ask(
    engine: &mut Engine,
    link: &Link,
    call: Call<'_>,
    arguments: Option<AnyArguments>,
) -> Vec<Item> {
    match call.passes(link) {
        true => engine.look(call.sql, arguments),
        false => engine.fetch(call.sql, arguments),
    }
}

type Items = (Vec<Item>, Option<Error>);

impl Outcome<Result<Items>> {
    /// The items of a script. Statements before a failed one stay done; a failed first one has
    /// changed nothing.
    fn of_items(mut items: Vec<Item>) -> Self {
        let failed = items.iter().position(Result::is_err);
        let Some(place) = failed else {
            return Self { value: Ok((items, None)), changed: true };
        };
        let error = items.swap_remove(place);
        items.truncate(place);
        let changed = items.iter().any(|item| matches!(item, Ok(Either::Left(_))));
        let value = match (changed, error) {
            (true, Err(error)) => Ok((items, Some(error))),
            (_, Err(error)) => Err(error),
            (_, Ok(_)) => unreachable!("the item at this place is the error"),
        };
        Self { value, changed }
    }
}
