package plan

import "strconv"

// text is equal for equal paths.
func (p Path) text() string {
	var key []byte
	for _, s := range p {
		key = strconv.AppendInt(key, int64(s.Key), 10)
		for _, t := range s.Types {
			key = append(append(key, '|'), t...)
		}
		if s.Types != nil {
			key = append(key, '!')
		}
		key = append(key, '.')
	}
	return string(key)
}

// repsKey appends a text that is equal for equal representations.
func repsKey(key []byte, reps []Rep) []byte {
	for _, r := range reps {
		key = append(append(key, ';'), r.TypeName...)
		for _, t := range r.Types {
			key = append(append(key, '|'), t...)
		}
		key = repFieldsKey(key, r.Fields)
	}
	return append(key, '#')
}

func repFieldsKey(key []byte, fields []RepField) []byte {
	for _, f := range fields {
		key = append(append(key, ' '), f.Name...)
		key = strconv.AppendInt(append(key, ':'), int64(f.Key), 10)
		key = strconv.AppendBool(key, f.NonNull)
		for _, t := range f.Types {
			key = append(append(key, '|'), t...)
		}
		if f.Fields != nil {
			key = append(repFieldsKey(append(key, '{'), f.Fields), '}')
		}
	}
	return key
}
