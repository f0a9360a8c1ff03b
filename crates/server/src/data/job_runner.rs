//! Takes the steps of all jobs, and builds indexes, in turn over instances.
//!
//! An instance's jobs are done one at a time, oldest first, and so are its builds; where it has both, a step and a piece
//! of a build take turns. Either is work like a request's, in the instance's place of the
//! work pool. A step that takes too long, or that the database refuses, fails its job after [`limits::JOB_STEP_ATTEMPTS`] attempts, and holds up nothing
//! but the jobs of the same instance.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use backlot_store::StoreError;
use backlot_store::index_builds::BuildProgress;
use backlot_store::jobs::Job;
use backlot_wix::InstanceId;
use backlot_wix::data::limits;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::job_step::is_costly;
use super::jobs::JOB_RETENTION;
use super::{Data, OperationError};

use crate::error::Chain;

/// How often a node looks for jobs that another one left, and for those that are to be forgotten.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// Steps at once.
const MAX_AT_ONCE: usize = 4;
/// Instances that wait for their turn.
const MAX_INSTANCES: u32 = 10_000;
/// The wait after the database has failed.
const RETRY_BACKOFF: Duration = Duration::from_secs(1);

/// Takes the steps of all jobs.
pub(crate) struct JobRunner {
    data: Arc<Data>,
    /// Instances with jobs, the next one first.
    turns: VecDeque<InstanceId>,
    /// Those in `turns`, and those whose step is being taken.
    known: HashSet<InstanceId>,
    steps: JoinSet<Taken>,
    /// Attempts of the same step that took too long, by the job's id.
    attempts: HashMap<String, u32>,
    /// Instances whose last turn was a step of a job, so that a build comes next.
    stepped: HashSet<InstanceId>,
}

/// What the runner waits for.
enum Event {
    Shutdown,
    Step(Result<Taken, tokio::task::JoinError>),
    NewJob,
    Poll,
}

/// What became of an instance's turn.
struct Taken {
    instance_id: InstanceId,
    work: TakenWork,
}

/// What an instance's turn was used for.
enum TakenWork {
    /// There was nothing to do, as far as it could be found out.
    Nothing(Result<(), StoreError>),
    /// A step of a job.
    Step(Job, Result<(), OperationError>),
    /// A piece of a build.
    Piece(Result<BuildProgress, StoreError>),
}

impl JobRunner {
    pub(crate) fn new(data: Arc<Data>) -> Self {
        Self {
            data,
            turns: VecDeque::new(),
            known: HashSet::new(),
            steps: JoinSet::new(),
            attempts: HashMap::new(),
            stepped: HashSet::new(),
        }
    }

    /// Runs until the server stops.
    pub(crate) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let data = Arc::clone(&self.data);
        let mut poll = tokio::time::interval(POLL_INTERVAL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.begin_steps();
            let event = tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => Event::Shutdown,
                Some(taken) = self.steps.join_next() => Event::Step(taken),
                () = data.new_job.notified() => Event::NewJob,
                _ = poll.tick() => Event::Poll,
            };
            let looked = match event {
                Event::Shutdown => break,
                Event::Step(Ok(taken)) => {
                    self.end_step(taken).await;
                    Ok(())
                }
                // A step that panicked does not say whose it was: all are found again.
                Event::Step(Err(_)) => {
                    self.known.clear();
                    self.turns.clear();
                    self.look().await
                }
                Event::NewJob => self.look().await,
                Event::Poll => self.forget_and_look().await,
            };
            if let Err(error) = looked {
                tracing::warn!(error = %Chain(&error), "failed to list jobs");
            }
        }
        // A step that is under way is finished: it is written as a whole or not at all.
        while self.steps.join_next().await.is_some() {}
    }

    fn begin_steps(&mut self) {
        while self.steps.len() < MAX_AT_ONCE {
            let Some(instance_id) = self.turns.pop_front() else {
                return;
            };
            let is_build_first = self.stepped.remove(&instance_id);
            let turn = take_turn(Arc::clone(&self.data), instance_id, is_build_first);
            self.steps.spawn(turn);
        }
    }

    async fn forget_and_look(&mut self) -> Result<(), StoreError> {
        let before = self.data.clock.now() - JOB_RETENTION;
        self.data.store.delete_jobs(before).await?;
        self.look().await
    }

    /// Adds the instances whose jobs and builds are not known yet.
    async fn look(&mut self) -> Result<(), StoreError> {
        let store = &self.data.store;
        let with_jobs = store.list_instances_with_jobs(MAX_INSTANCES).await?;
        let with_builds = store.list_instances_with_builds(MAX_INSTANCES).await?;
        for instance_id in with_jobs.into_iter().chain(with_builds) {
            if self.known.insert(instance_id) {
                self.turns.push_back(instance_id);
            }
        }
        Ok(())
    }

    /// Puts an instance at the end of the line, unless it has nothing left to do.
    async fn end_step(&mut self, taken: Taken) {
        let Taken { instance_id, work } = taken;
        match work {
            TakenWork::Nothing(Ok(())) => {
                self.known.remove(&instance_id);
                return;
            }
            TakenWork::Nothing(Err(error)) => {
                self.known.remove(&instance_id);
                tracing::warn!(%instance_id, error = %Chain(&error), "failed to find the next job");
                self.data.new_job.notify_one();
                tokio::time::sleep(RETRY_BACKOFF).await;
                return;
            }
            TakenWork::Step(job, outcome) => {
                self.stepped.insert(instance_id);
                self.end_job_step(&job, outcome).await;
            }
            TakenWork::Piece(Ok(progress)) => tell(instance_id, progress),
            TakenWork::Piece(Err(error)) => {
                tracing::warn!(%instance_id, error = %Chain(&error), "failed to continue building an index; retrying");
                if !matches!(error, StoreError::Unavailable(_) | StoreError::Full) {
                    // Others need not wait for this one; it is found again when the runner looks.
                    self.known.remove(&instance_id);
                    return;
                }
                tokio::time::sleep(RETRY_BACKOFF).await;
            }
        }
        self.turns.push_back(instance_id);
    }

    async fn end_job_step(&mut self, job: &Job, outcome: Result<(), OperationError>) {
        match outcome {
            // Another node was faster, or the collection has changed: look again.
            Ok(()) | Err(OperationError::Store(StoreError::Outdated)) => {
                self.attempts.remove(&job.job_id);
            }
            Err(OperationError::Store(error @ (StoreError::Unavailable(_) | StoreError::Full))) => {
                tracing::warn!(job.id = job.job_id, error = %Chain(&error), "failed to continue a job; retrying");
                tokio::time::sleep(RETRY_BACKOFF).await;
            }
            Err(OperationError::Store(error)) => self.count_attempt(job, &error.to_string()).await,
            Err(OperationError::DataError(fault)) if is_costly(&fault) => {
                self.count_attempt(job, &fault.to_string()).await;
            }
            Err(OperationError::DataError(fault)) => {
                tracing::info!(job.id = job.job_id, %fault, "job ended with an error");
                self.fail(job).await;
            }
        }
    }

    async fn count_attempt(&mut self, job: &Job, cause: &str) {
        let attempts = self.attempts.entry(job.job_id.clone()).or_default();
        *attempts += 1;
        if *attempts < limits::JOB_STEP_ATTEMPTS {
            return;
        }
        tracing::warn!(job.id = job.job_id, instance_id = %job.instance_id, cause, "job failed");
        self.fail(job).await;
    }

    async fn fail(&mut self, job: &Job) {
        self.attempts.remove(&job.job_id);
        let failed = self.data.store.fail_job(job.instance_id, &job.job_id).await;
        if let Err(error) = failed {
            tracing::warn!(job.id = job.job_id, error = %Chain(&error), "failed to end a job");
        }
    }
}

/// Says which index could not be built.
fn tell(instance_id: InstanceId, progress: BuildProgress) {
    match progress {
        BuildProgress::Idle | BuildProgress::Advanced | BuildProgress::Ended => {}
        BuildProgress::Failed {
            collection,
            index,
            failure,
        } => {
            tracing::warn!(
                %instance_id,
                collection,
                index.name = index,
                item.id = failure.item_id,
                cause = failure.description,
                "an index could not be built"
            );
        }
    }
}

/// A step of the oldest job of an instance, or a piece of one of its builds.
async fn take_turn(data: Arc<Data>, instance_id: InstanceId, is_build_first: bool) -> Taken {
    let mut work = TakenWork::Nothing(Ok(()));
    for is_build in [is_build_first, !is_build_first] {
        work = if is_build {
            piece(&data, instance_id).await
        } else {
            step(&data, instance_id).await
        };
        if !matches!(work, TakenWork::Nothing(Ok(()))) {
            break;
        }
    }
    Taken { instance_id, work }
}

async fn step(data: &Arc<Data>, instance_id: InstanceId) -> TakenWork {
    let job = match data.store.find_next_job(instance_id).await {
        Ok(Some(job)) => job,
        Ok(None) => return TakenWork::Nothing(Ok(())),
        Err(error) => return TakenWork::Nothing(Err(error)),
    };
    // One at a time, so it waits behind the instance's requests, however many there are.
    let (pool, taken, own) = (data.work.clone(), job.clone(), Arc::clone(data));
    let work = move |budget| async move { own.take_step(&taken, budget).await };
    let failed = |_| StoreError::Internal("the step ended without an outcome".to_owned());
    let outcome = pool.run(instance_id, usize::MAX, work).await;
    TakenWork::Step(
        job,
        outcome.unwrap_or_else(|refusal| Err(failed(refusal).into())),
    )
}

async fn piece(data: &Arc<Data>, instance_id: InstanceId) -> TakenWork {
    // Without a build there is no need to wait for a place.
    match data.store.has_builds(instance_id).await {
        Ok(true) => {}
        Ok(false) => return TakenWork::Nothing(Ok(())),
        Err(error) => return TakenWork::Nothing(Err(error)),
    }
    let (pool, own) = (data.work.clone(), Arc::clone(data));
    let work = move |budget| async move {
        // It holds the place.
        let _budget = budget;
        own.store.build_piece(instance_id).await
    };
    let failed = |_| StoreError::Internal("the piece ended without an outcome".to_owned());
    let outcome = pool.run(instance_id, usize::MAX, work).await;
    match outcome.unwrap_or_else(|refusal| Err(failed(refusal))) {
        // Another node has it.
        Ok(BuildProgress::Idle) => TakenWork::Nothing(Ok(())),
        outcome => TakenWork::Piece(outcome),
    }
}
