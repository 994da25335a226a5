package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"medicore.dev/medicore/internal/fault"
)

// Input is what a caller says about a profile. RegisteredDate counts on create only.
type Input struct {
	Name, Email, Address string
	// DateOfBirth and RegisteredDate are as the caller wrote them; "" when absent.
	DateOfBirth, RegisteredDate string
}

const (
	maxName    = 100 // UTF-16 units
	maxAddress = 255 // UTF-16 units
	// earliest is the first date of birth that is believed.
	earliest Date = "1800-01-01"
	// ahead is how far the first place on Earth to see a day is ahead of UTC.
	ahead = 14 * time.Hour
)

// The names of the fields in complaints.
const (
	fieldName           = "name"
	fieldEmail          = "email"
	fieldAddress        = "address"
	fieldDateOfBirth    = "dateOfBirth"
	fieldRegisteredDate = "registeredDate"
)

// complaints collects what is wrong, one complaint for each field.
type complaints map[string]string

func (c complaints) add(field, text string) {
	if _, ok := c[field]; !ok {
		c[field] = text
	}
}

func (c complaints) err() error {
	if len(c) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.Invalid, Message: "the input is not valid", Fields: c}
}

// forCreate returns the new profile's data; fault.Invalid names every field that is wrong.
func (in Input) forCreate(now time.Time) (*Profile, error) {
	bad := complaints{}
	p := in.read(now, bad)
	if strings.TrimSpace(in.RegisteredDate) == "" {
		bad.add(fieldRegisteredDate, "Registered date is required")
	} else if d, ok := ParseDate(in.RegisteredDate); !ok {
		bad.add(fieldRegisteredDate, "Registered date should be a date of the form YYYY-MM-DD")
	} else {
		p.RegisteredDate = d
	}
	if bad[fieldDateOfBirth] == "" && p.RegisteredDate != "" && p.RegisteredDate < p.DateOfBirth {
		bad.add(fieldRegisteredDate, "Registered date cannot be before the date of birth")
	}
	return p, bad.err()
}

// forUpdate returns the data that replaces a profile's; fault.Invalid names every field that is wrong.
func (in Input) forUpdate(now time.Time) (*Profile, error) {
	bad := complaints{}
	p := in.read(now, bad)
	return p, bad.err()
}

func (in Input) read(now time.Time, bad complaints) *Profile {
	p := &Profile{Name: in.Name, Email: in.Email, Address: in.Address}
	switch {
	case strings.TrimSpace(in.Name) == "":
		bad.add(fieldName, "Name is required")
	case utf16Len(in.Name) > maxName:
		bad.add(fieldName, "Name cannot exceed 100 characters")
	case !storable(in.Name):
		bad.add(fieldName, "Name contains a character that is not allowed")
	}
	switch {
	case in.Email == "":
		bad.add(fieldEmail, "Email is required")
	case !validEmail(in.Email):
		bad.add(fieldEmail, "Email should be valid")
	}
	switch {
	case strings.TrimSpace(in.Address) == "":
		bad.add(fieldAddress, "Address is required")
	case utf16Len(in.Address) > maxAddress:
		bad.add(fieldAddress, "Address cannot exceed 255 characters")
	case !storable(in.Address):
		bad.add(fieldAddress, "Address contains a character that is not allowed")
	}
	if strings.TrimSpace(in.DateOfBirth) == "" {
		bad.add(fieldDateOfBirth, "Date of Birth is required")
	} else if d, ok := ParseDate(in.DateOfBirth); !ok {
		bad.add(fieldDateOfBirth, "Date of Birth should be a date of the form YYYY-MM-DD")
	} else if d < earliest || d > DateOf(now.Add(ahead)) {
		bad.add(fieldDateOfBirth, "Date of Birth is not a possible one")
	} else {
		p.DateOfBirth = d
	}
	return p
}

// hash is the same for the same input only.
func (in Input) hash() string {
	h := sha256.New()
	for _, s := range []string{in.Name, in.Email, in.Address, in.DateOfBirth, in.RegisteredDate} {
		h.Write([]byte(strconv.Itoa(len(s)) + ":" + s))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// storable reports whether both databases keep s as it is.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
