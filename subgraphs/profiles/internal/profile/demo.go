package profile

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	demoProfiles = 300
	demoSeed     = 20240604
)

var (
	firstNames = strings.Fields(`Aaliyah Adam Aisha Alejandro Amara Amelie Anders Anika Arjun Astrid Beatriz Benjamin Bianca Caleb Camila Carlos
		Charlotte Chidi Clara Connor Daniela David Diego Dmitri Eleanor Elif Elijah Emilia Emma Ethan Fatima Felix Fiona Francesca Gabriel Georgia
		Grace Hana Harper Hassan Helena Hiroshi Ibrahim Ines Ingrid Isaac Isabella Ivan Jamal Jasmine Joao Johan Josephine Julia Kaito Karim Katarina
		Keiko Kofi Lars Layla Leila Leo Liam Linnea Lucas Lucia Mabel Magnus Malik Maria Mateo Mei Mila Mohammed Nadia Naomi Nathan Nia Nikolai Noah
		Noor Olga Oliver Olivia Omar Oscar Priya Quinn Rafael Rania Ravi Rosa Ruben Samira Samuel Sanjay Sara Sebastian Sofia Stefan Sven Tariq Tessa
		Theo Thomas Uma Valentina Victor Wei William Xiomara Yara Yusuf Zainab Zoe`)
	lastNames = strings.Fields(`Abbott Acosta Adeyemi Andersson Baker Banerjee Bauer Becker Bennett Bergman Bianchi Brooks Campbell Castillo Chen
		Cohen Costa Cruz Dahl Diaz Dubois Edwards Eriksson Fernandez Fischer Fletcher Foster Fujita Garcia Gonzalez Gupta Haddad Hansen Hashimoto
		Hoffmann Hughes Ibrahim Ivanov Jackson Janssen Jensen Kapoor Kaya Keller Khan Kim Kowalski Kumar Larsen Laurent Lee Lopez Lindqvist Mahmoud
		Marino Martin Mbeki Mendez Meyer Mitchell Moreau Morales Murphy Nakamura Navarro Nguyen Nielsen Novak Obi Okafor Oliveira Olsen Ortega Osman
		Park Patel Pereira Petrov Popov Quinn Ramirez Reyes Ricci Rivera Robinson Rossi Russo Sanchez Santos Sato Schmidt Schneider Sharma Silva Singh
		Stewart Sullivan Suzuki Tanaka Torres Tran Vargas Vasquez Vogel Walker Weber Wilson Wong Yamamoto Yilmaz Zhang Zimmermann`)
	streets = strings.Split(`Alder Street|Ash Grove|Beech Road|Birch Lane|Cedar Avenue|Chapel Street|Cherry Hill|Church Lane|Dogwood Drive|Elm Street|
		Fern Close|Garden Terrace|Harbour Road|Hazel Court|High Street|Holly Walk|Juniper Way|King Street|Lakeside Drive|Laurel Crescent|Linden Avenue|
		Magnolia Street|Market Square|Meadow View|Mill Lane|Orchard Road|Park Avenue|Pine Street|Poplar Row|Queen Street|River Walk|Rose Terrace|
		School Lane|Spruce Street|Station Road|Sunset Boulevard|Sycamore Drive|Valley Road|Walnut Street|Willow Way`, "|")
)

// invent returns n invented profiles, always the same for the same n and day, registered between the last well-known one
// and now, in the order of their registration. Their addresses end in example.com, .net or .org, which belong to nobody.
func invent(n int, now time.Time) []*Profile {
	r := rand.New(rand.NewPCG(demoSeed, uint64(n)))
	from := seeds[len(seeds)-1].RegisteredDate.Time().Add(24 * time.Hour)
	days := max(1, int(now.Sub(from).Hours()/24))
	out := make([]*Profile, n)
	for i := range out {
		first, last := pick(r, firstNames), pick(r, lastNames)
		// More of late than long ago, as a practice grows.
		day := days - 1 - int(float64(days)*r.Float64()*r.Float64())
		created := from.Add(time.Duration(day)*24*time.Hour + 8*time.Hour + time.Duration(r.IntN(10*3600))*time.Second)
		born := time.Date(2024-r.IntN(90), time.Month(1+r.IntN(5)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC)
		var id uuid.UUID
		for j := range id {
			id[j] = byte(r.Uint32())
		}
		id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4, variant 1
		out[i] = &Profile{
			ID: id, Name: first + " " + last,
			Email:          fmt.Sprintf("%s.%s%d@example.%s", strings.ToLower(first), strings.ToLower(last), i+1, pick(r, []string{"com", "net", "org"})),
			Address:        fmt.Sprintf("%d %s", 1+r.IntN(300), strings.TrimSpace(pick(r, streets))),
			DateOfBirth:    DateOf(born),
			RegisteredDate: DateOf(created), CreatedAt: created,
		}
	}
	slices.SortFunc(out, func(a, b *Profile) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return out
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }
