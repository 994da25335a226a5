package rest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
	"go.yaml.in/yaml/v3"
)

// viewer is the folder of the document's viewer. Its links are relative, so that they hold behind a prefix too.
const viewer = "/swagger-ui/"

func registerDocs(mux *http.ServeMux, document []byte) error {
	var doc any
	if err := yaml.Unmarshal(document, &doc); err != nil {
		return fmt.Errorf("read the OpenAPI document: %w", err)
	}
	asJSON, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("read the OpenAPI document: %w", err)
	}
	mux.Handle("/v3/api-docs", static("application/json", asJSON))
	mux.Handle("/v3/api-docs.yaml", static("application/vnd.oai.openapi", document))

	// The page takes the document's address as relative to its own with a slash after it.
	page := v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "MediCore profiles", SwaggerJSON: "../../v3/api-docs", BasePath: ".", InternalBasePath: viewer,
	})
	get := func(h http.HandlerFunc) methods { return methods{http.MethodGet: h, http.MethodHead: h} }
	mux.Handle("/swagger-ui.html", get(redirect("swagger-ui/index.html")))
	mux.Handle(viewer+"{$}", get(redirect("index.html")))
	mux.Handle(viewer+"index.html", get(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = viewer
		page.ServeHTTP(w, r)
	}))
	for _, name := range []string{"swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-16x16.png", "favicon-32x32.png", "oauth2-redirect.html"} {
		mux.Handle(viewer+name, get(page.ServeHTTP))
	}
	return nil
}

// redirect leads to a relative address, so that it holds behind a prefix.
func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

func static(contentType string, body []byte) methods {
	h := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body)
	}
	return methods{http.MethodGet: h, http.MethodHead: h}
}
