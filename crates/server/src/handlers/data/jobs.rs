//! Calls that are done after they were accepted.

use backlot_wix::data::modification::WireModification;
use backlot_wix::data::{DataError, Value};
use serde::Deserialize;
use serde_json::json;

use super::request::Input;
use crate::data::{DataSession, JobWork, OperationError};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    data_collection_id: String,
    filter: Option<Value>,
    field_modifications: Vec<WireModification>,
}

/// `POST bulk/items/async-patch-by-filter`
pub(crate) async fn patch(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Request = input.json(data)?;
    let work = JobWork::new(request.filter, Some(request.field_modifications));
    accept(data, &request.data_collection_id, work).await
}

/// `POST bulk/items/async-remove-by-filter`
pub(crate) async fn remove(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Request = input.json(data)?;
    accept(
        data,
        &request.data_collection_id,
        JobWork::new(request.filter, None),
    )
    .await
}

async fn accept(
    data: &DataSession,
    collection: &str,
    work: JobWork,
) -> Result<String, OperationError> {
    let job_id = data.accept_job(collection, work).await?;
    Ok(json!({ "jobId": job_id }).to_string())
}

/// `GET async-jobs/{id}/status`
pub(crate) async fn status(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let in_path = input.after("/async-jobs/");
    let in_path = in_path.and_then(|rest| rest.strip_suffix("/status").map(str::to_owned));
    let job_id = input.parameter("jobId").or(in_path);
    let job_id = job_id.ok_or_else(|| DataError::invalid("jobId must not be empty."))?;
    let (job, done) = data.job(&job_id).await?;
    let status = job.status.as_str();
    Ok(match done {
        Some(done) => json!({ "status": status, "successCount": done }),
        None => json!({ "status": status }),
    }
    .to_string())
}
