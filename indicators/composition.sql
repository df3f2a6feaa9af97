-- titre: Stock par couverture et par usage
-- title: Stock by cover and use
-- définition: tout le terrain de chaque territoire par couverture, usage et statut final à
--   chaque date ; des codes vides sont du terrain que le millésime ne couvre pas.
-- definition: the whole ground of every commune by cover, use and final status at each date;
--   empty codes are ground that the vintage does not cover.
-- source: CNIG OCS GE nomenclature; article R.101-1 of the code de l'urbanisme
-- subject: OCS GE
-- unit: m²
-- columns: series, commune, departement, year, cs, us, artificial, impermeable, area_m2
SELECT
  series, commune, departement, year, cs, us, final AS artificial, impermeable,
  SUM(area_half_cm2) AS area_half_cm2
FROM stock
GROUP BY series, commune, departement, year, cs, us, final, impermeable
ORDER BY series, departement, commune, year, cs, us, artificial, impermeable
