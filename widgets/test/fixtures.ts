// States written by Python (tests/widgets/test_state.py keeps them true).
import crystal from "./fixtures/crystal.json";
import diamond from "./fixtures/diamond.json";
import elastic from "./fixtures/elastic.json";
import forbidden from "./fixtures/forbidden.json";
import panel from "./fixtures/panel.json";
import prediction from "./fixtures/prediction.json";
import story from "./fixtures/story.json";
import structure from "./fixtures/structure.json";

export { crystal, diamond, elastic, forbidden, panel, prediction, story, structure };
