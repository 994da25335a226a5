package plan

import (
	"encoding/json"
	"fmt"
)

// MarshalJSON writes the fields that the executor answers by their names; their text is no part of the plan's print.
func (f IntrospectionField) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(struct {
		Key   Key
		Field string
	}{f.Key, f.Field.Name})
	if err != nil {
		return nil, fmt.Errorf("marshal introspection field %s: %w", f.Field.Name, err)
	}
	return b, nil
}
