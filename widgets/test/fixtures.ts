// States written by Python (tests/widgets/test_state.py keeps them true).
import breaking from "./fixtures/breaking.json";
import crystal from "./fixtures/crystal.json";
import diamond from "./fixtures/diamond.json";
import elastic from "./fixtures/elastic.json";
import elements from "./fixtures/elements.json";
import forbidden from "./fixtures/forbidden.json";
import lobes from "./fixtures/lobes.json";
import matrix from "./fixtures/matrix.json";
import noise from "./fixtures/noise.json";
import panel from "./fixtures/panel.json";
import prediction from "./fixtures/prediction.json";
import story from "./fixtures/story.json";
import structure from "./fixtures/structure.json";
import surface from "./fixtures/surface.json";
import turned from "./fixtures/turned.json";

export { breaking, crystal, diamond, elastic, elements, forbidden, lobes, matrix, noise, panel, prediction, story, structure, surface, turned };
