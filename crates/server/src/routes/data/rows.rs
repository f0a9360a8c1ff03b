//! The rows themselves. Where two match a path, the first one counts.

use super::super::{
    Authentication, BodyLimit, Listener, QueryParameter, RateRule, Route, RoutePolicy, RouteSpec,
};
use super::DataOperation as Call;
use crate::http::methods::Verb;

/// The policy of every call. The collection's permissions decide about roles.
pub(crate) static POLICY: RoutePolicy = policy(&[]);

const fn policy(methods: &'static [Verb]) -> RoutePolicy {
    RoutePolicy {
        methods,
        authentication: Authentication::CallerOrApiKey,
        body: BodyLimit::Data,
        rate: RateRule::Data,
    }
}

const fn row(
    methods: &'static [Verb],
    path: &'static str,
    endpoint: Call,
    operation: &'static str,
    summary: &'static str,
    request: &'static str,
    response: &'static str,
) -> Route<Call> {
    Route {
        spec: RouteSpec {
            listener: Listener::Public,
            path,
            policy: policy(methods),
            operation,
            summary,
            query: query(endpoint),
            request: if request.is_empty() {
                None
            } else {
                Some(request)
            },
            response: Some(response),
        },
        endpoint,
    }
}

/// The parameters of a call that has no body.
const fn query(operation: Call) -> &'static [QueryParameter] {
    const COLLECTION: QueryParameter = QueryParameter::Required("dataCollectionId");
    const LIMIT: QueryParameter = QueryParameter::Optional("paging.limit");
    const OFFSET: QueryParameter = QueryParameter::Optional("paging.offset");
    match operation {
        Call::Query => &[QueryParameter::Required(".r")],
        Call::Get => &[
            COLLECTION,
            QueryParameter::Optional("dataItemId"),
            QueryParameter::Optional("fields"),
        ],
        Call::Remove => &[COLLECTION, QueryParameter::Optional("dataItemId")],
        Call::ListCollections => &[LIMIT, OFFSET],
        Call::GetCollection | Call::DeleteCollection => {
            &[QueryParameter::Optional("dataCollectionId")]
        }
        Call::ListIndexes => &[COLLECTION, LIMIT, OFFSET],
        Call::AvailableIndexes => &[COLLECTION],
        Call::DropIndex => &[COLLECTION, QueryParameter::Required("indexName")],
        _ => &[],
    }
}

const GET: &[Verb] = &[Verb::Get];
const POST: &[Verb] = &[Verb::Post];
const PUT: &[Verb] = &[Verb::Put];
const PATCH: &[Verb] = &[Verb::Patch];
const DELETE: &[Verb] = &[Verb::Delete];

/// Every call. The prefix `/_api/cloud-data/v2/` leads to the same ones.
#[rustfmt::skip]
pub(crate) static ROUTES: &[Route<Call>] = &[
    // method, path, operation, its name, summary, request, response
    row(POST, "/wix-data/v2/items", Call::Insert, "insertDataItem", "Inserts an item.", "DataItemRequest", "DataItemResponse"),
    row(GET, "/wix-data/v2/items/query", Call::Query, "queryDataItemsByUrl", "Queries items; the request is base64url of JSON in `.r`.", "", "QueryResponse"),
    row(POST, "/wix-data/v2/items/query", Call::Query, "queryDataItems", "Queries items.", "QueryRequest", "QueryResponse"),
    row(POST, "/wix-data/v2/items/update", Call::Update, "updateDataItem", "Replaces an item.", "DataItemRequest", "DataItemResponse"),
    row(PUT, "/wix-data/v2/items/{dataItemId}", Call::Update, "updateDataItemById", "Replaces an item.", "DataItemRequest", "DataItemResponse"),
    row(POST, "/wix-data/v2/items/save", Call::Save, "saveDataItem", "Inserts an item, or replaces it if its id exists.", "DataItemRequest", "SaveResponse"),
    row(POST, "/wix-data/v2/items/patch", Call::Patch, "patchDataItem", "Changes fields of an item.", "PatchRequest", "DataItemResponse"),
    row(PATCH, "/wix-data/v2/items/{dataItemId}", Call::Patch, "patchDataItemById", "Changes fields of an item.", "PatchRequest", "DataItemResponse"),
    row(POST, "/wix-data/v2/items/remove", Call::Remove, "removeDataItem", "Removes an item, and returns it.", "RemoveRequest", "DataItemResponse"),
    row(DELETE, "/wix-data/v2/items/{dataItemId}", Call::Remove, "removeDataItemById", "Removes an item, and returns it.", "", "DataItemResponse"),
    row(POST, "/wix-data/v2/items/truncate", Call::Truncate, "truncateDataItems", "Removes every item of a collection.", "CollectionRequest", "Empty"),
    row(POST, "/wix-data/v2/items/count", Call::Count, "countDataItems", "Counts the items that a filter matches.", "CountRequest", "CountResponse"),
    row(POST, "/wix-data/v2/items/query-distinct-values", Call::Distinct, "queryDistinctValues", "Returns the distinct values of a field.", "DistinctRequest", "DistinctResponse"),
    row(POST, "/wix-data/v2/items/aggregate", Call::Aggregate, "aggregateDataItems", "Groups items, and computes values of each group.", "AggregateRequest", "RowsResponse"),
    row(POST, "/wix-data/v2/items/aggregate-pipeline", Call::Pipeline, "aggregateDataItemsByPipeline", "Runs an aggregation pipeline.", "PipelineRequest", "RowsResponse"),
    row(POST, "/wix-data/v2/items/search", Call::Search, "searchDataItems", "Searches the words of items.", "SearchRequest", "QueryResponse"),
    row(POST, "/wix-data/v2/items/query-referenced", Call::QueryReferenced, "queryReferencedDataItems", "Returns the items that items refer to.", "QueryReferencedRequest", "QueryReferencedResponse"),
    row(POST, "/wix-data/v2/items/is-referenced", Call::IsReferenced, "isReferencedDataItem", "Tells whether an item refers to another.", "ReferenceRequest", "IsReferencedResponse"),
    row(POST, "/wix-data/v2/items/replace-references", Call::ReplaceReferences, "replaceReferences", "Replaces the references of an item's field.", "ReplaceReferencesRequest", "Object"),
    row(POST, "/wix-data/v2/items/insert-reference", Call::InsertReferences, "insertReference", "Adds a reference.", "Object", "ReferencesResponse"),
    row(POST, "/wix-data/v2/items/remove-reference", Call::RemoveReferences, "removeReference", "Removes a reference.", "Object", "ReferencesResponse"),
    row(POST, "/wix-data/v2/items/create-draft", Call::NotServed("Drafts"), "createDraft", "Drafts are not supported.", "Object", "Object"),
    row(POST, "/wix-data/v2/items/publish-draft", Call::NotServed("Drafts"), "publishDraft", "Drafts are not supported.", "Object", "Object"),
    row(POST, "/wix-data/v2/items/unpublish", Call::NotServed("Drafts"), "unpublish", "Drafts are not supported.", "Object", "Object"),
    row(GET, "/wix-data/v2/items/{dataItemId}", Call::Get, "getDataItem", "Returns an item. The id in `dataItemId` of the query counts.", "", "DataItemResponse"),
    row(POST, "/wix-data/v2/bulk/items/insert", Call::BulkInsert, "bulkInsertDataItems", "Inserts up to 1,000 items.", "BulkItemsRequest", "BulkResponse"),
    row(POST, "/wix-data/v2/bulk/items/update", Call::BulkUpdate, "bulkUpdateDataItems", "Replaces up to 1,000 items.", "BulkItemsRequest", "BulkResponse"),
    row(POST, "/wix-data/v2/bulk/items/save", Call::BulkSave, "bulkSaveDataItems", "Inserts or replaces up to 1,000 items.", "BulkItemsRequest", "BulkResponse"),
    row(POST, "/wix-data/v2/bulk/items/patch", Call::BulkPatch, "bulkPatchDataItems", "Changes fields of up to 1,000 items.", "BulkPatchRequest", "BulkResponse"),
    row(POST, "/wix-data/v2/bulk/items/remove", Call::BulkRemove, "bulkRemoveDataItems", "Removes up to 1,000 items.", "BulkRemoveRequest", "BulkResponse"),
    row(POST, "/wix-data/v2/bulk/items/async-patch-by-filter", Call::AsyncPatch, "asyncPatchByFilter", "Starts a job that changes fields of the items that a filter matches.", "AsyncPatchRequest", "JobResponse"),
    row(POST, "/wix-data/v2/bulk/items/async-remove-by-filter", Call::AsyncRemove, "asyncRemoveByFilter", "Starts a job that removes the items that a filter matches.", "CountRequest", "JobResponse"),
    row(POST, "/wix-data/v2/bulk/items/insert-references", Call::InsertReferences, "bulkInsertReferences", "Adds references.", "ReferencesRequest", "ReferencesResponse"),
    row(POST, "/wix-data/v2/bulk/items/remove-references", Call::RemoveReferences, "bulkRemoveReferences", "Removes references.", "ReferencesRequest", "ReferencesResponse"),
    row(GET, "/wix-data/v2/async-jobs/{jobId}/status", Call::JobStatus, "getAsyncJobStatus", "Returns a job's progress.", "", "JobStatus"),
    row(POST, "/wix-data/v2/collections", Call::CreateCollection, "createDataCollection", "Creates a collection.", "CollectionDefinitionRequest", "CollectionDefinitionResponse"),
    row(GET, "/wix-data/v2/collections", Call::ListCollections, "listDataCollections", "Lists collections.", "", "CollectionListResponse"),
    row(PUT, "/wix-data/v2/collections", Call::UpdateCollection, "updateDataCollection", "Replaces a collection's definition.", "CollectionDefinitionRequest", "CollectionDefinitionResponse"),
    row(POST, "/wix-data/v2/collections/create-field", Call::CreateField, "createDataCollectionField", "Adds a field to a collection.", "FieldRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/update-field", Call::UpdateField, "updateDataCollectionField", "Replaces a collection's field.", "FieldRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/delete-field", Call::DeleteField, "deleteDataCollectionField", "Deletes a collection's field.", "DeleteFieldRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/add-plugin", Call::AddPlugin(None), "addDataCollectionPlugin", "Adds a plugin to a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/delete-plugin", Call::DeletePlugin(None), "deleteDataCollectionPlugin", "Deletes a collection's plugin.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/add-publish-plugin", Call::AddPlugin(Some("PUBLISH")), "addPublishPlugin", "Adds the plugin `PUBLISH` to a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/delete-publish-plugin", Call::DeletePlugin(Some("PUBLISH")), "deletePublishPlugin", "Deletes the plugin `PUBLISH` of a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/add-urlized-plugin", Call::AddPlugin(Some("URLIZED")), "addUrlizedPlugin", "Adds the plugin `URLIZED` to a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/delete-urlized-plugin", Call::DeletePlugin(Some("URLIZED")), "deleteUrlizedPlugin", "Deletes the plugin `URLIZED` of a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/add-multilingual-plugin", Call::AddPlugin(Some("MULTILINGUAL")), "addMultilingualPlugin", "Adds the plugin `MULTILINGUAL` to a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/delete-multilingual-plugin", Call::DeletePlugin(Some("MULTILINGUAL")), "deleteMultilingualPlugin", "Deletes the plugin `MULTILINGUAL` of a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/add-cms-plugin", Call::AddPlugin(Some("CMS")), "addCmsPlugin", "Adds the plugin `CMS` to a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/delete-cms-plugin", Call::DeletePlugin(Some("CMS")), "deleteCmsPlugin", "Deletes the plugin `CMS` of a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/add-catalog-plugin", Call::AddPlugin(Some("CATALOG")), "addCatalogPlugin", "Adds the plugin `CATALOG` to a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/delete-catalog-plugin", Call::DeletePlugin(Some("CATALOG")), "deleteCatalogPlugin", "Deletes the plugin `CATALOG` of a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/add-draft-items-plugin", Call::AddPlugin(Some("DRAFT_ITEMS")), "addDraftItemsPlugin", "Adds the plugin `DRAFT_ITEMS` to a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/delete-draft-items-plugin", Call::DeletePlugin(Some("DRAFT_ITEMS")), "deleteDraftItemsPlugin", "Deletes the plugin `DRAFT_ITEMS` of a collection.", "PluginRequest", "DataCollectionResponse"),
    row(POST, "/wix-data/v2/collections/restore/{dataCollectionId}", Call::NotServed("Deleted collections and restoring them"), "restoreDataCollection", "Restoring collections is not supported.", "Object", "Object"),
    row(PATCH, "/wix-data/v2/collections/{dataCollectionId}/patch-field", Call::PatchField, "patchDataCollectionField", "Changes properties of a collection's field.", "FieldRequest", "DataCollectionResponse"),
    row(PATCH, "/wix-data/v2/collections/{dataCollectionId}", Call::PatchCollection, "patchDataCollection", "Changes properties of a collection's definition.", "PatchCollectionRequest", "DataCollectionResponse"),
    row(GET, "/wix-data/v2/collections/{dataCollectionId}", Call::GetCollection, "getDataCollection", "Returns a collection's definition.", "", "CollectionDefinitionResponse"),
    row(DELETE, "/wix-data/v2/collections/{dataCollectionId}", Call::DeleteCollection, "deleteDataCollection", "Deletes a collection with its items.", "", "Empty"),
    row(POST, "/wix-data/v2/indexes", Call::CreateIndex, "createIndex", "Creates an index. It is built in the background.", "IndexRequest", "IndexResponse"),
    row(GET, "/wix-data/v2/indexes", Call::ListIndexes, "listIndexes", "Lists a collection's indexes with their state.", "", "IndexListResponse"),
    row(GET, "/wix-data/v2/indexes/available", Call::AvailableIndexes, "listAvailableIndexes", "Returns how many indexes of each kind a collection may still have.", "", "AvailableIndexesResponse"),
    row(DELETE, "/wix-data/v2/indexes", Call::DropIndex, "dropIndex", "Drops an index.", "", "Empty"),
];
