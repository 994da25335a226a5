package profile

import (
	"regexp"
	"strings"
)

// What an email address is, as existing clients know it: the rules of Hibernate Validator, which the original system used.
const (
	atom      = `[a-z0-9!#$%&'*+/=?^_` + "`" + `{|}~\x{80}-\x{10FFFF}-]+`
	quoted    = `"(?:[a-z0-9!#$%&'*.(),<>\[\]:; @+/=?^_` + "`" + `{|}~\x{80}-\x{10FFFF}-]|\\\\|\\")+"`
	localPart = `(?:` + atom + `|` + quoted + `)`
	label     = `(?:[a-z0-9!#$%&'*+/=?^_` + "`" + `{|}~\x{80}-\x{10FFFF}]+-*)*[a-z0-9!#$%&'*+/=?^_` + "`" + `{|}~\x{80}-\x{10FFFF}]+`
	ipv4      = `\[[0-9]{1,3}(?:\.[0-9]{1,3}){3}\]`
	ipv6      = `\[IPv6:[0-9a-f:.]{2,45}\]`
)

var (
	localForm  = regexp.MustCompile(`(?i)^` + localPart + `(?:\.` + localPart + `)*$`)
	domainForm = regexp.MustCompile(`(?i)^(?:` + label + `(?:\.` + label + `)*|` + ipv4 + `|` + ipv6 + `)$`)
)

const (
	maxEmail      = 254 // bytes
	maxLocalPart  = 64  // UTF-16 units
	maxDomainName = 63  // bytes of one label
)

// validEmail reports whether s is an email address.
func validEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 0 || len(s) > maxEmail {
		return false
	}
	local, domain := s[:at], s[at+1:]
	if utf16Len(local) > maxLocalPart || !localForm.MatchString(local) || !domainForm.MatchString(domain) {
		return false
	}
	for name := range strings.SplitSeq(domain, ".") {
		if len(name) > maxDomainName {
			return false
		}
	}
	return true
}

// EmailKey returns what is the same for addresses that differ in case only: they are one person's.
func EmailKey(email string) string { return strings.ToLower(email) }
