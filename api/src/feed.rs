//! The live feed: one tail a process reads `case_events` in commit order and hands each event to the subscribers it
//! concerns. One database read however many subscribers; a slow one is re-read from the table, never silently skipped.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_stream::try_stream;
use diesel_async::SimpleAsyncConnection;
use futures_util::{Stream, StreamExt};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wangqian_schema::{
    Platform, db,
    model::{
        Viewer,
        event::{self, Event, EventCursor},
        message::{self, Message},
    },
    wake,
};

use crate::error::{Failing, Failure};

/// Rows read at a time, by the tail and by a replay.
const BATCH: i64 = 500;
/// The tail looks at least this often, should a wake-up be lost.
const POLL: Duration = Duration::from_secs(1);
/// First pause before looking again for events that are committed but not final yet.
const PENDING_PAUSE: Duration = Duration::from_millis(5);
/// Pause after a failure of the database.
const FAILURE_PAUSE: Duration = Duration::from_millis(500);

/// Something with its place in the feed.
pub type Placed<T> = (EventCursor, T);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Topic {
    Graduate(Uuid),
    Employer(Uuid),
    Department(Uuid),
    School(Uuid),
    /// The operators follow the registrations of employers, and the schools.
    Operators,
}

impl Topic {
    /// The topic on which a viewer hears of cases.
    fn of(viewer: &Viewer) -> Self {
        match *viewer {
            Viewer::Graduate { graduate_id, .. } => Self::Graduate(graduate_id),
            Viewer::EmployerMember { employer_id, .. } => Self::Employer(employer_id),
            Viewer::Reviewer {
                department_id: Some(department_id),
                ..
            } => Self::Department(department_id),
            Viewer::Reviewer {
                school_id,
                department_id: None,
                ..
            } => Self::School(school_id),
            Viewer::Operator { .. } => Self::Operators,
        }
    }

    /// The topics that an event concerns.
    fn concerned(event: &Event) -> impl Iterator<Item = Self> {
        [
            event.graduate_id.map(Self::Graduate),
            event.employer_id.map(Self::Employer),
            event.department_id.map(Self::Department),
            event.school_id.map(Self::School),
            event.case_kind.followed_by_operators().then_some(Self::Operators),
        ]
        .into_iter()
        .flatten()
    }
}

/// Waiting items that a topic of one person has room for. Its few events do not come in bursts, and the room is allocated
/// for each of thousands of followers.
const PERSONAL_LAG: usize = 16;

type Topics<K, T> = HashMap<K, broadcast::Sender<Placed<Arc<T>>>>;

struct State {
    /// Up to where the tail has handed out.
    position: EventCursor,
    cases: Topics<Topic, Event>,
    inboxes: Topics<Uuid, Message>,
}

/// The hub of a process.
#[derive(Clone)]
pub struct Feed {
    platform: Platform,
    lag: usize,
    state: Arc<Mutex<State>>,
}

impl Feed {
    /// A hub that begins with what is committed from now on. A subscriber more than `lag` events behind is re-read from
    /// the table.
    ///
    /// # Errors
    /// When the database cannot say where the feed stands.
    pub async fn open(platform: Platform, lag: u16) -> Result<Self, db::DatabaseError> {
        let mut conn = platform.pool.get().await?;
        let position = event::horizon(&mut conn).await?;
        let state = State {
            position,
            cases: HashMap::new(),
            inboxes: HashMap::new(),
        };
        Ok(Self {
            platform: platform.clone(),
            lag: usize::from(lag),
            state: Arc::new(Mutex::new(state)),
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // The maps are valid after every statement, so a panic elsewhere does not spoil them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to where events have been handed out: whatever is read from now on is at least as new.
    pub fn position(&self) -> EventCursor {
        self.state().position
    }

    /// Reads and hands out until shutdown.
    pub async fn tail(self, shutdown: CancellationToken) {
        let mut commits = self.platform.waker.subscribe();
        let mut pending_pause = PENDING_PAUSE;
        loop {
            commits.mark_unchanged();
            let pause = match self.hand_out().await {
                Ok(false) => {
                    pending_pause = PENDING_PAUSE;
                    POLL
                }
                Ok(true) => {
                    // A long transaction holds the feed back: look ever less often.
                    pending_pause = (pending_pause * 2).min(POLL);
                    pending_pause
                }
                Err(error) => {
                    tracing::warn!(%error, "the live feed cannot read; it will go on where it stopped");
                    FAILURE_PAUSE
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = commits.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Hands out all that is final. `true` when there is more that is committed but not final yet.
    async fn hand_out(&self) -> Result<bool, db::DatabaseError> {
        let mut conn = self.platform.pool.get().await?;
        loop {
            let position = self.state().position;
            let events = event::feed(&mut conn, position, BATCH).await?;
            let Some(last) = events.last() else {
                return Ok(event::feed_pending(&mut conn, position).await?);
            };
            let next = last.cursor();
            let cursors: HashMap<i64, EventCursor> =
                events.iter().map(|event| (event.id, event.cursor())).collect();
            let anybody = !self.state().inboxes.is_empty();
            let messages = if anybody {
                let ids: Vec<i64> = events.iter().map(|event| event.id).collect();
                let mut messages = message::of_events(&mut conn, &ids).await?;
                messages.sort_by_key(|message| message.event_id.and_then(|id| cursors.get(&id).copied()));
                messages
            } else {
                Vec::new()
            };
            let mut state = self.state();
            for event in events {
                let event = Arc::new(event);
                for topic in Topic::concerned(&event) {
                    if let Some(sender) = state.cases.get(&topic) {
                        // Nobody listening is no failure.
                        let _ = sender.send((event.cursor(), Arc::clone(&event)));
                    }
                }
            }
            for message in messages {
                if let (Some(cursor), Some(sender)) = (
                    message.event_id.and_then(|id| cursors.get(&id)),
                    state.inboxes.get(&message.account_id),
                ) {
                    let _ = sender.send((*cursor, Arc::new(message)));
                }
            }
            // Whoever subscribed while the messages were being read has a position before these events: it gets them
            // from the table, because its first item must follow the position it was given.
            state.position = next;
            state.cases.retain(|_, sender| sender.receiver_count() > 0);
            state.inboxes.retain(|_, sender| sender.receiver_count() > 0);
        }
    }

    /// Hears of commits of other processes until shutdown.
    pub async fn listen(self, database_url: String, shutdown: CancellationToken) {
        loop {
            let heard = async {
                let mut conn = <diesel_async::AsyncPgConnection as diesel_async::AsyncConnection>::establish(
                    &database_url,
                )
                .await
                .map_err(|error| error.to_string())?;
                conn.batch_execute(&format!("LISTEN {}", wake::CHANNEL))
                    .await
                    .map_err(|error| error.to_string())?;
                self.platform.waker.wake_here();
                let mut notifications = std::pin::pin!(conn.notifications_stream());
                while let Some(notification) = notifications.next().await {
                    notification.map_err(|error| error.to_string())?;
                    self.platform.waker.wake_here();
                }
                Err::<(), String>("the connection ended".to_owned())
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                ended = heard => if let Err(error) = ended {
                    tracing::debug!(%error, "not hearing of other processes; polling meanwhile");
                },
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(FAILURE_PAUSE) => {}
            }
        }
    }

    // Both are run in boxes: the streams are kept in their thousands, and are not to have room for what is over soon.
    async fn missed_events(
        &self,
        viewer: &Viewer,
        cursor: EventCursor,
    ) -> Result<Vec<Event>, db::DatabaseError> {
        patiently(|| async {
            let mut conn = self.platform.pool.get().await?;
            Ok(event::replay(&mut conn, viewer, cursor, BATCH).await?)
        })
        .await
    }

    async fn missed_messages(
        &self,
        account_id: Uuid,
        cursor: EventCursor,
    ) -> Result<Vec<(EventCursor, Message)>, db::DatabaseError> {
        patiently(|| async {
            let mut conn = self.platform.pool.get().await?;
            Ok(message::replay(&mut conn, account_id, cursor, BATCH).await?)
        })
        .await
    }

    /// The events that concern a viewer: those after `after`, or from now on, in feed order, each once.
    pub fn case_events(
        &self,
        viewer: Viewer,
        after: Option<EventCursor>,
    ) -> impl Stream<Item = Result<Placed<Arc<Event>>, db::DatabaseError>> + Send + use<> {
        let feed = self.clone();
        try_stream! {
            let topic = Topic::of(&viewer);
            let (position, mut live) = {
                let mut state = feed.state();
                let lag = match topic {
                    Topic::Graduate(_) => feed.lag.min(PERSONAL_LAG),
                    _ => feed.lag,
                };
                let sender = state.cases.entry(topic).or_insert_with(|| broadcast::channel(lag).0);
                let live = sender.subscribe();
                (state.position, live)
            };
            let mut cursor = after.unwrap_or(position);
            loop {
                loop {
                    let missed = Box::pin(feed.missed_events(&viewer, cursor)).await?;
                    let more = missed.len() == usize::try_from(BATCH).unwrap_or(usize::MAX);
                    for event in missed {
                        cursor = event.cursor();
                        yield (cursor, Arc::new(event));
                    }
                    if !more { break }
                }
                while let Some((at, event)) = next_live(&mut live, cursor).await {
                    cursor = at;
                    yield (at, event);
                }
            }
        }
    }

    /// The events that concern a school, from now on: for what this process keeps up to date of it, and not for anybody to see.
    pub fn of_school(&self, school_id: Uuid) -> broadcast::Receiver<Placed<Arc<Event>>> {
        let mut state = self.state();
        let topic = state.cases.entry(Topic::School(school_id));
        topic
            .or_insert_with(|| broadcast::channel(self.lag).0)
            .subscribe()
    }

    /// The messages that arrive in a person's inbox: those after `after`, or from now on, in feed order, each once.
    pub fn notifications(
        &self,
        account_id: Uuid,
        after: Option<EventCursor>,
    ) -> impl Stream<Item = Result<Placed<Arc<Message>>, db::DatabaseError>> + Send + use<> {
        let feed = self.clone();
        try_stream! {
            let (position, mut live) = {
                let mut state = feed.state();
                let sender = state.inboxes.entry(account_id).or_insert_with(|| broadcast::channel(feed.lag.min(PERSONAL_LAG)).0);
                let live = sender.subscribe();
                (state.position, live)
            };
            let mut cursor = after.unwrap_or(position);
            loop {
                loop {
                    let missed = Box::pin(feed.missed_messages(account_id, cursor)).await?;
                    let more = missed.len() == usize::try_from(BATCH).unwrap_or(usize::MAX);
                    for (at, message) in missed {
                        cursor = at;
                        yield (at, Arc::new(message));
                    }
                    if !more { break }
                }
                while let Some((at, message)) = next_live(&mut live, cursor).await {
                    cursor = at;
                    yield (at, message);
                }
            }
        }
    }
}

/// Reads for a subscription, again and again while the database cannot be reached: whoever follows waits for it, rather than that
/// thousands are cut off and come back all at once.
///
/// # Errors
/// Those that do not pass.
pub async fn patiently<T, F>(read: impl Fn() -> F) -> Result<T, db::DatabaseError>
where
    F: Future<Output = Result<T, db::DatabaseError>>,
{
    loop {
        match read().await {
            Err(error) if error.failure() == Failure::Unavailable => {
                tracing::debug!(%error, "a subscription waits for the database");
                tokio::time::sleep(FAILURE_PAUSE).await;
            }
            read => return read,
        }
    }
}

/// The next item after `cursor`; `None` when items were dropped and the table has to be asked.
async fn next_live<T: Clone>(
    live: &mut broadcast::Receiver<Placed<T>>,
    cursor: EventCursor,
) -> Option<Placed<T>> {
    loop {
        match live.recv().await {
            Ok((at, item)) if at > cursor => return Some((at, item)),
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(_)) => return None,
            // The hub itself holds the sender of a topic that is listened to.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}
