//! Many people at the same moment: exactly one of those who cannot all win does.

mod answers;
mod crowd;
mod invitations;
mod reviews;

use std::{collections::HashMap, future::Future, sync::Arc};

use tokio::{sync::Barrier, task::JoinSet};
use wangqian_schema::{audit, step::StepError};

use crate::support::World;

/// Starts all futures at once, each in a task of its own, and gives their results in the order of the futures.
pub(crate) async fn at_once<F>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let futures: Vec<F> = futures.into_iter().collect();
    let start = Arc::new(Barrier::new(futures.len()));
    let mut tasks = JoinSet::new();
    for (index, future) in futures.into_iter().enumerate() {
        let start = start.clone();
        tasks.spawn(async move {
            start.wait().await;
            (index, future.await)
        });
    }
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// How often each result came, by its text.
pub(crate) fn tally<T>(results: &[Result<T, StepError>]) -> HashMap<String, usize> {
    let mut tally = HashMap::new();
    for result in results {
        let key = match result {
            Ok(_) => "ok".to_owned(),
            Err(StepError::Refused(refusal)) => format!("{refusal:?}"),
            Err(error) => format!("{error:?}"),
        };
        *tally.entry(key).or_default() += 1;
    }
    tally
}

pub(crate) fn tallied<const N: usize>(expected: [(&str, usize); N]) -> HashMap<String, usize> {
    expected.map(|(key, count)| (key.to_owned(), count)).into()
}

pub(crate) async fn assert_trail_holds(world: &World) {
    let report = audit::walk(&mut *world.conn().await, None).await.unwrap();
    assert_eq!(report.breaks, []);
}
