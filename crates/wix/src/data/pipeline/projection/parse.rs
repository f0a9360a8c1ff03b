//! Reading a projection.

use super::super::super::{DataError, FieldPath, Object, Value};
use super::super::reader::{Reader, list, object, only, path, unknown};
use super::{Computed, Fields, Projection};

impl Reader {
    pub(in super::super) fn projection(&mut self, value: &Value) -> Result<Projection, DataError> {
        let projection = object("A projection", value)?;
        let mut deepest = 0;
        let read = self.fields(projection, 0, &mut deepest)?;
        self.deepen(deepest)?;
        Ok(read)
    }

    /// `above` is how deep the projected object stands in the item.
    fn fields(
        &mut self,
        projection: &Object,
        above: usize,
        deepest: &mut usize,
    ) -> Result<Projection, DataError> {
        let id = FieldPath::of_names(["_id".to_owned()]);
        let (mut included, mut excluded) = (Vec::new(), Vec::new());
        let mut computed = Vec::new();
        for field in list(projection, "fields")? {
            self.count(above)?;
            let (kind, value) = only("A field of a projection", object("A field", field)?, &[])?;
            let field = object(kind, value)?;
            match kind {
                "include" => included.push(path(field, "fieldName")?),
                "exclude" => excluded.push(path(field, "fieldName")?),
                "reshape" => {
                    let path = path(field, "resultFieldName")?;
                    *deepest = (*deepest).max(above + path.segments().len() - 1);
                    let value = self.operand(field, "expression", 0)?;
                    computed.push((path, Computed::Value(value)));
                }
                "projectNested" => {
                    let path = path(field, "resultFieldName")?;
                    let above = above + path.segments().len();
                    *deepest = (*deepest).max(above);
                    let nested = self.fields(field, above, deepest)?;
                    computed.push((path, Computed::Nested(nested)));
                }
                other => return Err(unknown("field of a projection", other)),
            }
        }
        let keeps_only_some = !included.is_empty()
            || (!computed.is_empty() && excluded.iter().all(|path| *path == id));
        if keeps_only_some && above == 0 && !excluded.contains(&id) {
            included.push(id);
        }
        Ok(Projection {
            included: keeps_only_some.then(|| tree(&included)),
            excluded: tree(&excluded),
            computed,
        })
    }
}

fn tree(paths: &[FieldPath]) -> Fields {
    let mut fields = Fields::default();
    for path in paths {
        fields.add(path);
    }
    fields
}
