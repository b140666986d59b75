// The blocks in the editor: a preview that the server renders, and the settings beside it. Used as it is, without a build step.
(() => {
  const { InspectorControls, useBlockProps } = wp.blockEditor;
  const { registerBlockType } = wp.blocks;
  const { ComboboxControl, Disabled, FormTokenField, PanelBody, SelectControl, TextControl } = wp.components;
  const { createElement, useEffect, useState } = wp.element;
  const { __ } = wp.i18n;
  const ServerSideRender = wp.serverSideRender;

  // The names of all records, fetched once; without them people type the name.
  let namesPromise = null;
  const fetchNames = () => {
    namesPromise ??= fetch(`${procedureKB.server}/embed/v1/search.json`, { credentials: "omit" })
      .then((response) => response.json())
      .then((card) => card.names)
      .catch(() => []);
    return namesPromise;
  };
  const useNames = (type) => {
    const [names, setNames] = useState([]);
    useEffect(() => { fetchNames().then((all) => setNames(all.filter((record) => record.type === type))); }, [type]);
    return names;
  };

  const control = (component, { attributes, setAttributes }, name, options) =>
    createElement(component, { key: name, value: attributes[name], onChange: (value) => setAttributes({ [name]: value ?? "" }), ...options });

  const RecordControl = ({ props, name, type, label }) => {
    const names = useNames(type);
    if (!names.length) return control(TextControl, props, name, { label });
    return control(ComboboxControl, props, name, { label, options: names.map((record) => ({ value: record.slug, label: record.name })) });
  };
  const ProceduresControl = ({ props }) => {
    const names = useNames("procedure");
    return control(FormTokenField, props, "procedures", {
      label: __("Procedures, at most 12; none shows the typical relief of all", "procedure-kb"),
      value: props.attributes.procedures.split(" ").filter(Boolean),
      suggestions: names.map((record) => record.slug),
      maxLength: 12,
      onChange: (slugs) => props.setAttributes({ procedures: slugs.join(" ") }),
    });
  };

  const ownControls = {
    slug: (props) => createElement(RecordControl, { key: "slug", props, name: "slug", type: "procedure", label: __("Procedure", "procedure-kb") }),
    condition: (props) => createElement(RecordControl, { key: "condition", props, name: "condition", type: "condition", label: __("Condition", "procedure-kb") }),
    procedures: (props) => createElement(ProceduresControl, { key: "procedures", props }),
    variant: (props) => control(SelectControl, props, "variant", {
      label: __("Length", "procedure-kb"),
      options: [
        { value: "", label: __("Summary", "procedure-kb") },
        { value: "card", label: __("Card", "procedure-kb") },
        { value: "full", label: __("Full", "procedure-kb") },
      ],
    }),
    sections: (props) => control(TextControl, props, "sections", {
      label: __("Only these sections", "procedure-kb"),
      help: __("Some of before, day, benefit, harms, evidence, alternatives, after. A benefit brings the harms along.", "procedure-kb"),
    }),
  };
  const sharedControls = (props) => [
    control(SelectControl, props, "heading_level", {
      label: __("Level of its first heading", "procedure-kb"),
      options: [1, 2, 3, 4, 5, 6].map((level) => ({ value: level, label: String(level) })),
      onChange: (value) => props.setAttributes({ heading_level: Number(value) }),
    }),
    control(SelectControl, props, "theme", {
      label: __("Colors", "procedure-kb"),
      options: [
        { value: "", label: __("As the page", "procedure-kb") },
        { value: "light", label: __("Light", "procedure-kb") },
        { value: "dark", label: __("Dark", "procedure-kb") },
        { value: "auto", label: __("As the device", "procedure-kb") },
      ],
    }),
    control(TextControl, props, "phone", { label: __("Telephone", "procedure-kb") }),
    control(TextControl, props, "booking_url", { label: __("Booking page", "procedure-kb"), type: "url" }),
    control(TextControl, props, "offered", { label: __("Procedures that you offer (slugs)", "procedure-kb") }),
  ];

  const registerKnowledgeBlock = (block, names) => registerBlockType(`procedure-kb/${block}`, {
    edit: (props) => createElement("div", useBlockProps(),
      createElement(InspectorControls, null,
        names.length ? createElement(PanelBody, { title: __("What to show", "procedure-kb") }, names.map((name) => ownControls[name](props))) : null,
        createElement(PanelBody, { title: __("Page and clinic", "procedure-kb"), initialOpen: false }, sharedControls(props))),
      // Links and forms do nothing while the page is edited.
      createElement(Disabled, null, createElement(ServerSideRender, { block: `procedure-kb/${block}`, attributes: props.attributes }))),
    save: () => null,
  });
  registerKnowledgeBlock("procedure", ["slug", "variant", "sections"]);
  registerKnowledgeBlock("options", ["condition", "variant"]);
  registerKnowledgeBlock("relief-chart", ["procedures"]);
  registerKnowledgeBlock("search", []);
})();
